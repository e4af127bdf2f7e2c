/** Checks as the operator is shown them. */
import { type CheckView, describeCheck, isBad } from "../checks/describe.ts";
import type { PoolConfig } from "../config/config.ts";
import type { CheckStatus, Problem } from "../control/status.ts";
import type { Millis } from "../supervision/time.ts";

type Requiring = Pick<PoolConfig, "name" | "requires">;

export function checkStatuses(
  views: readonly CheckView[],
  pools: readonly Requiring[],
  now: Millis,
  toWallClock: (at: Millis) => Date,
): readonly CheckStatus[] {
  return views.map((view) => {
    const { name } = view.check;
    const { what, reason, next } = describeCheck(view, now);
    return {
      name,
      what,
      state: view.state.kind,
      since: toWallClock(view.state.since).toISOString(),
      reason,
      next,
      pools: requiring(name, pools),
    };
  });
}

const requiring = (check: string, pools: readonly Requiring[]): readonly string[] =>
  pools.filter(({ requires }) => requires.includes(check)).map(({ name }) => name);

/** All that does not simply hold: a warning comes while there is time to do something. */
export function checkProblems(
  views: readonly CheckView[],
  pools: readonly Requiring[],
  now: Millis,
): readonly Problem[] {
  return views.flatMap((view) => {
    const { check, state } = view;
    const { reason, cure } = describeCheck(view, now);
    if (state.kind === "ok" || (state.kind === "unknown" && state.errors.length === 0)) return [];
    const closed = isBad(state) ? requiring(check.name, pools) : [];
    const then = closed.length === 0 ? "" : `. It keeps closed: ${closed.join(", ")}`;
    const verb = state.kind === "fail" ? " fails" : "";
    const what = `check ${check.name}${verb}: ${reason}${then}`;
    return [{ id: `check:${check.name}`, what, cure: cure ?? null }];
  });
}

export interface Failing {
  readonly check: string;
  /** `check arc fails since 12:03 UTC: nothing is mounted at …`. */
  readonly why: string;
}

export function failingOf(
  views: readonly CheckView[],
  requires: readonly string[],
  now: Millis,
  toWallClock: (at: Millis) => Date,
): readonly Failing[] {
  return views.flatMap((view) => {
    const { check, state } = view;
    if (!requires.includes(check.name) || !isBad(state)) return [];
    const at = clockTime(toWallClock(state.since), toWallClock(now));
    const verb = state.kind === "hangs" ? "hangs" : "fails";
    const { reason } = describeCheck(view, now);
    return [{ check: check.name, why: `check ${check.name} ${verb} since ${at}: ${reason}` }];
  });
}

/** The day too, if it is another one. */
function clockTime(at: Date, now: Date): string {
  const [day, time] = at.toISOString().split("T");
  const isToday = now.toISOString().startsWith(day ?? "");
  return `${isToday ? "" : `${day} `}${(time ?? "").slice(0, 5)} UTC`;
}
