/** Tells what the guard of flow runs does, in sentences, and counts it. */
import type { GuardObserver, RunReference } from "../prefect/runs/guard-ports.ts";
import { formatSpan, seconds } from "../supervision/time.ts";
import type { Event } from "./events.ts";

export interface RunNarratorDeps {
  readonly log: (level: "info" | "warn", message: string, event?: Event) => void;
  readonly metrics: {
    settled(pool: string, action: "crashed" | "rescheduled" | "cancelled", seconds: number): void;
    failed(pool: string, reason: "other"): void;
  };
}

export const actionNames = {
  crash: "crashed",
  reschedule: "rescheduled",
  cancel: "cancelled",
} as const;

const done = {
  crash: "is Crashed now",
  reschedule: "is scheduled again",
  cancel: "is Cancelled now",
} as const;

export function narrateRuns({ log, metrics }: RunNarratorDeps): GuardObserver {
  let trouble: string | undefined;
  return {
    settled(run, action, why, elapsed) {
      const after =
        elapsed < 1 ? "" : `, ${formatSpan(seconds(elapsed))} after its end was noticed`;
      log("warn", `${nameOf(run)} ${done[action]}${after}: ${why}`, {
        kind: `run-${actionNames[action]}`,
        of: run.id,
        reason: why,
      });
      metrics.settled(run.pool, actionNames[action], elapsed);
    },
    signalled: (run, signal, why) => log("info", `${nameOf(run)} is sent ${signal}: ${why}`),
    failed(run, why) {
      log("warn", `${nameOf(run)} could not be settled yet, it is tried again: ${why}`);
      metrics.failed(run.pool, "other");
    },
    left: (run, why) => log("warn", `${nameOf(run)} ${why}`),
    strays(run, { found, left }) {
      const what = `${nameOf(run)} left ${found} ${found === 1 ? "process" : "processes"} behind`;
      const rest = left.length === 0 ? "ended" : `still there: ${left.join(", ")}`;
      log("warn", `${what}; ${rest}`);
    },
    swept(why) {
      if (why !== undefined && trouble === undefined) {
        log("info", `flow runs are looked at again when Prefect's API answers: ${why}`);
      }
      trouble = why;
    },
  };
}

const nameOf = ({ id, name, pool }: RunReference): string =>
  `flow run ${name === undefined ? id : `${name} (${id})`} of pool ${pool}`;
