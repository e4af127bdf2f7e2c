/** What the states that a run has had tell: Prefect remembers them, so nothing of ours has to. */
import type { RunState } from "../api/flow-runs.ts";

/** Why a run is scheduled again. */
export type RescheduleCause = "claim" | "start" | "crash";

export interface RunHistory {
  /** How often a worker has claimed it. */
  readonly claims: number;
  readonly lastClaim: Date | undefined;
  readonly hasRun: boolean;
  /** The state before the one that it has now. */
  readonly before: RunState | undefined;
  /** How often we have scheduled it again, by our mark in the messages. */
  readonly rescheduled: Readonly<Record<RescheduleCause, number>>;
}

/** Bears what `historyOf` counts by: the two belong together. */
export const rescheduleMark = (cause: RescheduleCause, count: number, limit: number): string =>
  `Scheduled again by sails-supervisor (${cause} ${count} of ${limit})`;

const mark = /^Scheduled again by sails-supervisor \((claim|start|crash) \d/;

/** @param states oldest first */
export function historyOf(states: readonly RunState[]): RunHistory {
  const claims = states.filter(
    ({ type }, index) => type === "PENDING" && states[index - 1]?.type !== "PENDING",
  );
  const causes = states
    .filter(({ type }) => type === "SCHEDULED")
    .map(({ message }) => mark.exec(message)?.[1]);
  const count = (cause: RescheduleCause): number => causes.filter((each) => each === cause).length;
  return {
    claims: claims.length,
    lastClaim: claims.at(-1)?.timestamp,
    hasRun: states.some(({ type }) => type === "RUNNING"),
    before: states.at(-2),
    rescheduled: { claim: count("claim"), start: count("start"), crash: count("crash") },
  };
}
