/** Puts a run back, so that a worker starts it again: a bounded number of times, which Prefect remembers. */
import { type Millis, ms, seconds } from "../../supervision/time.ts";
import type { FlowRun } from "../api/flow-runs.ts";
import type { Decision } from "./decision.ts";
import type { Moment, RunPolicy } from "./facts.ts";
import { type RescheduleCause, type RunHistory, rescheduleMark } from "./history.ts";

interface Rule {
  readonly limit: (policy: RunPolicy) => number;
  /** Before the next start, after so many. */
  readonly delay: (count: number) => Millis;
}

const rules: Readonly<Record<RescheduleCause, Rule>> = {
  // No fault of the run's: as often as workers die.
  claim: { limit: () => 10, delay: () => ms(0) },
  start: { limit: () => 5, delay: (count) => seconds(10 * count) },
  crash: { limit: ({ maxReschedules }) => maxReschedules, delay: () => ms(0) },
};

/** Undefined if it may not be put back any more, or if no worker would ever take it. */
export function reschedule(
  cause: RescheduleCause,
  run: FlowRun,
  history: RunHistory,
  policy: RunPolicy,
  { date }: Moment,
  why: string,
): Decision | undefined {
  const { limit, delay } = rules[cause];
  const count = history.rescheduled[cause];
  if (run.deploymentId === undefined || count >= limit(policy)) return undefined;
  return {
    kind: "set-state",
    action: "reschedule",
    state: {
      type: "SCHEDULED",
      name: "AwaitingRetry",
      message: `${rescheduleMark(cause, count + 1, limit(policy))}: ${why}`,
      scheduledTime: new Date(date.getTime() + delay(count)),
    },
    why,
  };
}

export function whyNotAgain(cause: RescheduleCause, run: FlowRun, history: RunHistory): string {
  if (run.deploymentId === undefined)
    return "it has no deployment, so no worker could start it again";
  const count = history.rescheduled[cause];
  return `it has been scheduled again ${count === 1 ? "once" : `${count} times`} already`;
}
