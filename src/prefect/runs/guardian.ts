/**
 * What happens to a flow run, from what is known of it: nothing, for as long as its process lives.
 * Asks only for what it needs, so that a look at runs that are well costs nothing.
 */
import { ms, seconds } from "../../supervision/time.ts";
import type { FlowRun } from "../api/flow-runs.ts";
import {
  cancelledAfter,
  decideCancellingAlive,
  decideCancellingUnseen,
  isBeingCancelled,
  wasCancelled,
} from "./cancelling.ts";
import { ask, type Decision, nothing, over, waitUnlessSeenFor } from "./decision.ts";
import type { Alive, Gone, Moment, RunFacts } from "./facts.ts";
import { unlessOurs } from "./ownership.ts";
import { crashed } from "./proposals.ts";
import { reschedule, whyNotAgain } from "./rescheduling.ts";
import {
  decideClaimed,
  decideCrashedBeforeItBegan,
  decideCrashedUnseen,
  decideEndedBeforeItBegan,
} from "./unbegun.ts";
import { howItEnded, lostAtReboot } from "./words.ts";

export function decide(facts: RunFacts, moment: Moment): Decision {
  const { run, isOurs, process } = facts;
  if (!isOurs || run === undefined) return nothing;
  if (run === "deleted") return process.kind === "gone" ? over : noteOfDeleted(process.kind);
  switch (process.kind) {
    case "alive":
      return decideAlive(facts, run, process, moment);
    case "gone":
      return decideGone(facts, run, process, moment);
    case "never-seen":
      return decideUnseen(facts, run, moment);
    default:
      return process satisfies never;
  }
}

const noteOfDeleted = (process: "alive" | "never-seen"): Decision =>
  process === "alive"
    ? { kind: "nothing", note: "is deleted in Prefect, its process lives on" }
    : nothing;

function decideAlive(facts: RunFacts, run: FlowRun, process: Alive, moment: Moment): Decision {
  switch (run.state.type) {
    case "CANCELLING":
      return decideCancellingAlive(facts, process, moment);
    case "COMPLETED":
    case "FAILED":
    case "CANCELLED":
    case "CRASHED":
      if (isBeingCancelled(facts, run)) return decideCancellingAlive(facts, process, moment);
      return { kind: "nothing", note: `is ${run.state.name} in Prefect, its process lives on` };
    case "SCHEDULED":
    case "PENDING":
    case "RUNNING":
    case "PAUSED":
      return nothing;
    default:
      return run.state.type satisfies never;
  }
}

function decideUnseen(facts: RunFacts, run: FlowRun, moment: Moment): Decision {
  switch (run.state.type) {
    case "PENDING":
      return decideClaimed(facts, run, moment);
    case "RUNNING":
      return decideRunningUnseen(facts, run, moment);
    case "CANCELLING":
      return decideCancellingUnseen(facts, run, moment);
    case "SCHEDULED":
    case "PAUSED":
    case "COMPLETED":
    case "FAILED":
    case "CANCELLED":
      return nothing;
    case "CRASHED":
      return decideCrashedUnseen(facts, run, moment);
    default:
      return run.state.type satisfies never;
  }
}

function decideGone(facts: RunFacts, run: FlowRun, process: Gone, moment: Moment): Decision {
  switch (run.state.type) {
    case "COMPLETED":
    case "FAILED":
    case "CANCELLED":
    case "PAUSED":
      return over;
    case "CRASHED":
      return decideCrashed(facts, run, process, moment);
    case "SCHEDULED":
      // Who waited for a retry in the process that has gone is started by nobody; all others are.
      return run.retriesInProcess ? decideDead(facts, run, process, moment) : over;
    case "PENDING":
    case "RUNNING":
    case "CANCELLING":
      return decideDead(facts, run, process, moment);
    default:
      return run.state.type satisfies never;
  }
}

/** A request that was under way when the process ended has arrived by then. */
const arrivesWithin = seconds(1);
/** A worker tells of the death of its own child within a fraction of a second. */
const reportsWithin = seconds(5);
/** It runs the hooks of the flow first. */
const reportsCarefullyWithin = seconds(10);

/** Its process has gone, and Prefect does not know. */
function decideDead(facts: RunFacts, run: FlowRun, process: Gone, moment: Moment): Decision {
  const { found, host } = facts;
  const why = `its process ${process.pid} is gone, and it is still ${run.state.name}`;
  const wait = waitUnlessSeenFor(patienceWith(run, process), facts, moment.now, "report", why);
  if (wait !== undefined) return wait;
  if (found.history === undefined) return ask("history");
  if (!isOfThisAttempt(process, found.history.lastClaim)) {
    return run.state.type === "SCHEDULED" ? over : decideUnseen(facts, run, moment);
  }
  if (run.state.type === "CANCELLING") return cancelledAfter(process, host);
  if (run.state.type === "PENDING") return decideEndedBeforeItBegan(facts, run, process, moment);
  if (found.death === undefined) return ask("death");
  return crashed(howItEnded(process, found.death, host));
}

function patienceWith({ state }: FlowRun, { why, isWorkerAlive }: Gone) {
  if (why === "other-boot") return ms(0);
  if (!isWorkerAlive) return arrivesWithin;
  return state.type === "RUNNING" ? reportsWithin : reportsCarefullyWithin;
}

/** The clocks of two machines differ; and a run is seldom claimed again so soon. */
const clockTolerance = seconds(10);

/** A run that was started again has a later process than the one that is known to have gone. */
const isOfThisAttempt = ({ startedAt }: Gone, lastClaim: Date | undefined): boolean =>
  lastClaim === undefined || startedAt.getTime() + clockTolerance >= lastClaim.getTime();

/** Where no record of it could be written, the process may show later than the state. */
const showsWithin = seconds(10);

function decideRunningUnseen(facts: RunFacts, run: FlowRun, moment: Moment): Decision {
  const notOurs = unlessOurs(facts, run, moment);
  if (notOurs !== undefined) return notOurs;
  const { host } = facts;
  const isOfLastBoot = run.state.timestamp < host.bootedAt;
  const why = `is Running, and no process of it is known on ${host.name}`;
  const wait = waitUnlessSeenFor(showsWithin, facts, moment.now, "report", why);
  if (wait !== undefined && !isOfLastBoot) return wait;
  // The wall clock may have been set meanwhile: what lives is found in any case.
  if (facts.found.isSearched !== true) return ask("process");
  return crashed(
    isOfLastBoot
      ? lostAtReboot(`its process on ${host.name}`, host)
      : `no process of it is on ${host.name} any more`,
  );
}

/** Whoever said so: itself, its worker, or we. */
function decideCrashed(facts: RunFacts, run: FlowRun, process: Gone, moment: Moment): Decision {
  const { history } = facts.found;
  if (history === undefined) return ask("history");
  if (!isOfThisAttempt(process, history.lastClaim)) return over;
  if (wasCancelled(run, history)) return cancelledAfter(process, facts.host);
  if (!history.hasRun && run.runCount === 0) {
    return decideCrashedBeforeItBegan(facts, run, process, moment);
  }
  if (facts.policy.onCrash === "leave") return over;
  const isTooSoon = process.isWorkerAlive
    ? waitUnlessSeenFor(reportsWithin, facts, moment.now, "report", "has crashed")
    : undefined;
  if (isTooSoon !== undefined) return isTooSoon;
  const why = `it crashed (${run.state.message.replace(/\.$/, "")}), and its pool is set to start such runs again`;
  return (
    reschedule("crash", run, history, facts.policy, moment, why) ?? {
      kind: "over",
      report: `crashed, and ${whyNotAgain("crash", run, history)}: it stays Crashed`,
    }
  );
}
