/**
 * Whose is a run that has left no trace on this host? Others may serve the same pool, and nothing
 * of theirs is ever touched.
 */
import { seconds } from "../../supervision/time.ts";
import type { FlowRun } from "../api/flow-runs.ts";
import { ask, type Decision, leave, nothing, waitUnlessSeenFor } from "./decision.ts";
import type { Moment, RunFacts } from "./facts.ts";

/** By then, a worker that has claimed a run has put its name on it. */
const namedAfter = seconds(60);

/** What there is to do if it is not ours, or not yet known to be; undefined if it is. */
export function unlessOurs(facts: RunFacts, run: FlowRun, { now }: Moment): Decision | undefined {
  const { claimedBy, found } = facts;
  if (claimedBy !== "nobody-known") {
    const isSure = isNamedByItsWorker(facts, run);
    if (isSure === undefined) return ask("history");
    if (isSure) return claimedBy === "us" ? undefined : nothing;
  }
  const what = `is ${run.state.name} and has no process on ${facts.host.name}`;
  if (run.deploymentId === undefined) {
    return leave(`${what}; it has no deployment, so some program started it, here or elsewhere`);
  }
  if (found.otherWorkers === undefined) return ask("other-workers");
  if (found.otherWorkers.length === 0) return undefined;
  const others = `${what}; workers of other hosts serve its pool too (${found.otherWorkers.join(", ")})`;
  return (
    waitUnlessSeenFor(namedAfter, facts, now, "worker", others) ??
    leave(`${others}, so it is left to them`)
  );
}

/**
 * Whether the name on the run is that of the worker that has it now: of a run that is started
 * again, it is for a moment that of the worker before. Undefined where only its history tells.
 */
export function isNamedByItsWorker({ found }: RunFacts, { state }: FlowRun): boolean | undefined {
  if (state.type === "RUNNING" || state.name === "Submitting") return true;
  return found.history === undefined ? undefined : found.history.claims <= 1;
}
