/** Tells of checks and of the pools that they close, in sentences: one line for each change. */
import { type CheckView, describeCheck, isBad } from "../checks/describe.ts";
import type { CheckState } from "../checks/state.ts";
import { formatSpan, type Millis, ms } from "../supervision/time.ts";
import type { EventKind } from "./events.ts";
import type { Told } from "./narrator.ts";

export function narrateCheck(view: CheckView, from: CheckState, now: Millis): Told {
  const told = sentence(view, from, now);
  const { reason, cure } = describeCheck(view, now);
  const about = { kind: kindOf(view), of: view.check.name, reason };
  return { ...told, event: cure === undefined ? about : { ...about, next: cure } };
}

const kindOf = ({ state: { kind } }: CheckView): EventKind =>
  kind === "ok"
    ? "check-holds"
    : kind === "fail" || kind === "hangs"
      ? "check-fails"
      : "check-warns";

function sentence(view: CheckView, from: CheckState, now: Millis): Told {
  const { name } = view.check;
  const { reason, cure } = describeCheck(view, now);
  const end = cure === undefined ? "" : `. ${cure}`;
  const { kind } = view.state;
  switch (kind) {
    case "ok":
      if (!isBad(from)) return { level: "info", text: `check ${name} holds: ${reason}` };
      return {
        level: "notice",
        text: `check ${name} holds again, after ${formatSpan(ms(now - from.since))}: ${reason}`,
      };
    case "warn":
      return { level: "warn", text: `check ${name}: ${reason}${end}` };
    case "fail":
      return { level: "error", text: `check ${name} fails: ${reason}${end}` };
    case "hangs":
      return { level: "error", text: `check ${name}: ${reason}${end}` };
    case "unknown":
      return { level: "warn", text: `check ${name}: ${reason}` };
    default:
      return kind satisfies never;
  }
}

type PoolChange = "closed" | "opened" | "left-paused" | "overruled";

export function narratePool(what: PoolChange, pool: string, failing: readonly string[]): Told {
  const told = ofPool(what, pool, failing);
  if (what === "left-paused" || what === "overruled") return told;
  const kind = what === "closed" ? "pool-closed" : "pool-opened";
  return { ...told, event: { kind, of: pool, reason: failing.join(", ") } };
}

function ofPool(what: PoolChange, pool: string, failing: readonly string[]): Told {
  const checks = `${failing.length === 1 ? "check" : "checks"} ${failing.join(", ")}`;
  const fail = failing.length === 1 ? "fails" : "fail";
  switch (what) {
    case "closed":
      return {
        level: "warn",
        text: `pool ${pool} takes no new runs: it requires ${checks}, which ${fail}`,
      };
    case "opened":
      return { level: "notice", text: `pool ${pool} takes new runs again: what it requires holds` };
    case "left-paused": {
      const text = `pool ${pool} stays paused, though what it requires holds: an operator has paused it in Prefect. \`prefect work-pool resume ${pool}\` opens it`;
      return { level: "notice", text };
    }
    case "overruled": {
      const text = `pool ${pool} takes new runs, for an operator has opened it in Prefect; ${checks} that it requires still ${fail}`;
      return { level: "warn", text };
    }
    default:
      return what satisfies never;
  }
}
