/** Tells what happens to units, in sentences: one line for each change that matters to a person. */
import { deathOf, describe } from "../supervision/describe.ts";
import { formatSpan, type Millis, ms } from "../supervision/time.ts";
import type { UnitEvent, UnitState } from "../supervision/unit-state.ts";
import type { UnitView } from "../supervision/unit-view.ts";
import type { Event, EventKind } from "./events.ts";

export interface Told {
  readonly level: "info" | "notice" | "warn" | "error";
  readonly text: string;
  /** Left out of what is no event of its own. */
  readonly event?: Event;
}

export function narrate(
  unit: UnitView,
  from: UnitState,
  event: UnitEvent,
  now: Millis,
): Told | undefined {
  const told = sentence(unit, from, event, now);
  const kind = told && eventOf(unit.state, from, event, told.level);
  if (told === undefined || kind === undefined) return told;
  const { reason, next } = describe(unit, now);
  const died = event.kind === "ended" ? deathOf(unit.state) : undefined;
  const about = { kind, of: unit.spec.name, reason: died ?? reason };
  return { ...told, event: next === undefined || next === null ? about : { ...about, next } };
}

function eventOf(
  { phase }: UnitState,
  from: UnitState,
  event: UnitEvent,
  level: Told["level"],
): EventKind | undefined {
  switch (phase.kind) {
    case "starting":
      return event.kind === "ended" && level === "warn" ? "unit-died" : "unit-started";
    case "running":
      return event.kind === "became-unready" ? "unit-unready" : "unit-ready";
    case "waiting":
      return event.kind === "ended" && from.phase.kind !== "waiting" && level === "warn"
        ? "unit-died"
        : "unit-waits";
    case "stopping":
      return undefined;
    case "down":
      return "unit-stopped";
    case "backing-off":
      return "unit-died";
    case "broken":
      return "unit-broken";
    default:
      return phase satisfies never;
  }
}

function sentence(
  unit: UnitView,
  from: UnitState,
  event: UnitEvent,
  now: Millis,
): Told | undefined {
  const { phase } = unit.state;
  const { name } = unit.spec;
  const { reason, next } = describe(unit, now);
  const isNew = phase.kind !== from.phase.kind;
  switch (phase.kind) {
    case "starting": {
      if (!isNew && event.kind !== "ended") return undefined;
      const process = `process ${unit.pid ?? "unknown"}`;
      if (event.kind === "adopted") {
        const age = formatSpan(ms(now - phase.spawnedAt));
        const text = `${name}: taken over as it runs, ${process}, started ${age} ago`;
        return { level: "info", text };
      }
      const hasDied = event.kind === "ended" && from.phase.kind !== "stopping";
      if (!hasDied) return { level: "info", text: `${name}: started, ${process}` };
      const died = deathOf(unit.state) ?? "ended";
      return { level: "warn", text: `${name}: ${died}; started again, ${process}` };
    }
    case "running": {
      if (from.phase.kind === "starting") {
        // When one that was taken over became ready, nobody here has seen.
        const span = formatSpan(ms(phase.readySince - phase.spawnedAt));
        const text = unit.state.isAdopted ? `${name}: ready` : `${name}: ready after ${span}`;
        return { level: "notice", text };
      }
      if (event.kind === "became-unready") {
        return { level: "warn", text: `${name}: not ready any more: ${event.why}` };
      }
      const isBack = from.phase.kind === "running" && from.phase.unready !== undefined;
      if (isBack && phase.unready === undefined) {
        return { level: "notice", text: `${name}: ready again` };
      }
      return undefined;
    }
    case "waiting": {
      const said = from.phase.kind === "waiting" ? from.phase.blockers : [];
      const news = phase.blockers.filter(({ why }) => !said.some((one) => one.why === why));
      // What only waits for its turn is in the status; told is what somebody must do something about.
      const cures = news.flatMap(({ cure }) => cure ?? []);
      if (cures.length > 0) {
        return { level: "error", text: [`${name}: waits: ${reason}`, ...cures].join(". ") };
      }
      if (event.kind !== "ended" || from.phase.kind === "stopping") return undefined;
      const waits = phase.blockers.length === 0 ? "is started again at once" : `waits: ${reason}`;
      return { level: "warn", text: `${name}: ${deathOf(unit.state) ?? "ended"}; ${waits}` };
    }
    case "stopping":
      if (isNew) {
        const is = phase.isQuiescing ? "is drained" : "is stopped";
        return { level: "info", text: `${name}: ${is}: ${reason}` };
      }
      if (from.phase.kind === "stopping" && from.phase.isQuiescing && !phase.isQuiescing) {
        return event.kind === "timed-out"
          ? { level: "warn", text: `${name}: is not drained in time; is stopped all the same` }
          : { level: "info", text: `${name}: is stopped: ${reason}` };
      }
      if (event.kind !== "timed-out") return undefined;
      return { level: "warn", text: `${name}: has not gone; ${next ?? ""}` };
    case "down":
      if (!isNew) return undefined;
      return { level: "info", text: `${name}: ${phase.why === "finished" ? reason : "stopped"}` };
    case "backing-off":
      return isNew ? { level: "warn", text: `${name}: ${reason}; ${next ?? ""}` } : undefined;
    case "broken":
      return isNew
        ? { level: "error", text: `${name}: ${reason}. Next: ${next ?? ""}` }
        : undefined;
    default:
      return phase satisfies never;
  }
}
