/** Carries a cancellation to its end where no worker does: SIGTERM, patience, SIGKILL, Cancelled. */
import { formatSpan, ms, seconds } from "../../supervision/time.ts";
import type { FlowRun } from "../api/flow-runs.ts";
import { ask, type Decision, waitUnlessSeenFor } from "./decision.ts";
import type { Alive, Gone, Moment, RunFacts } from "./facts.ts";
import type { RunHistory } from "./history.ts";
import { unlessOurs } from "./ownership.ts";
import { cancelled } from "./proposals.ts";

/** As long as a worker gives a run. */
const termPatience = seconds(30);
/** In which a worker that lives has carried out the cancellation of its own runs. */
const workerPatience = seconds(60);
/** A process that was started just before its worker died may not show yet. */
const showsWithin = seconds(2);

export function decideCancellingAlive(
  facts: RunFacts,
  { pid, isOrphan }: Alive,
  { now }: Moment,
): Decision {
  const { cancellation } = facts;
  if (cancellation === undefined) {
    const isTooSoon = isOrphan
      ? undefined
      : waitUnlessSeenFor(workerPatience, facts, now, "end", "is being cancelled by its worker");
    const who = isOrphan
      ? "it has no worker"
      : `its worker has not ended it for ${formatSpan(workerPatience)}`;
    return (
      isTooSoon ?? { kind: "signal", signal: "SIGTERM", why: `it is to be cancelled, and ${who}` }
    );
  }
  const had = `is being cancelled: process ${pid} has had`;
  // A killed one that still shows hangs in the kernel: its end will be told.
  if (cancellation.isKilled) return { kind: "nothing", note: `${had} SIGKILL` };
  const until = ms(cancellation.termAt + termPatience);
  if (now < until) return { kind: "wait", until, waitFor: "end", why: `${had} SIGTERM` };
  return {
    kind: "signal",
    signal: "SIGKILL",
    why: `it is to be cancelled, and has not heeded SIGTERM for ${formatSpan(termPatience)}`,
  };
}

/** Nothing of it has ever been seen here: it may have been cancelled between its claim and its start. */
export function decideCancellingUnseen(facts: RunFacts, run: FlowRun, moment: Moment): Decision {
  const notOurs = unlessOurs(facts, run, moment);
  if (notOurs !== undefined) return notOurs;
  const hasWorkers = facts.workers.length > 0;
  const wait = waitUnlessSeenFor(
    hasWorkers ? workerPatience : showsWithin,
    facts,
    moment.now,
    hasWorkers ? "worker" : "report",
    "is being cancelled, and has no process here",
  );
  if (wait !== undefined) return wait;
  if (facts.found.isSearched !== true) return ask("process");
  return cancelled(`no process of it is on ${facts.host.name}`);
}

export const cancelledAfter = ({ pid }: Gone, { name }: RunFacts["host"]): Decision =>
  cancelled(`process ${pid} on ${name} has ended`);

const wordsOfTheEngine = /^Execution was (?:aborted|cancelled|interrupted) by /;

/** It has reported its end, and is still about to come to it. */
export const isBeingCancelled = ({ cancellation }: RunFacts, { state }: FlowRun): boolean =>
  cancellation !== undefined && state.type === "CRASHED" && wordsOfTheEngine.test(state.message);

/**
 * A run that gets SIGTERM reports Crashed itself, by force and over Cancelling. Nobody else can:
 * what stands after Cancelling and has the engine's words is a cancellation that was carried out.
 */
export const wasCancelled = ({ state }: FlowRun, { before }: RunHistory): boolean =>
  state.type === "CRASHED" && before?.type === "CANCELLING" && wordsOfTheEngine.test(state.message);
