/** Runs whose code has not begun: they can be started again without doing anything twice. */
import { minutes, ms, seconds } from "../../supervision/time.ts";
import type { FlowRun } from "../api/flow-runs.ts";
import { ask, type Decision, leave, nothing, over, waitUnlessSeenFor } from "./decision.ts";
import type { Gone, LivingWorker, Moment, RunFacts } from "./facts.ts";
import { isNamedByItsWorker, unlessOurs } from "./ownership.ts";
import { crashed } from "./proposals.ts";
import { reschedule, whyNotAgain } from "./rescheduling.ts";

/** A process that was started just before its worker died may not show yet. */
const showsWithin = seconds(2);
/** No worker claims a run so soon after its own start: Python has to import Prefect first. */
const claimsNothingFor = ms(1_500);
const namesItsRunsWithin = seconds(60);
/** With a server that comes and goes, a worker may be asleep for minutes between claim and start. */
const startsItsRunsWithin = minutes(15);

/** Claimed, and no process of it is known. */
export function decideClaimed(facts: RunFacts, run: FlowRun, moment: Moment): Decision {
  const { found, host, policy } = facts;
  const elders = facts.workers.filter((worker) => mayHaveClaimed(worker, run));
  const claimer = run.workerName ?? `a worker on ${host.name}`;
  const claimed = `was claimed by ${claimer} and has not begun`;
  const waitFor = elders.length === 0 ? "report" : "worker";
  const isTooSoon = waitUnlessSeenFor(showsWithin, facts, moment.now, waitFor, claimed);
  if (isTooSoon !== undefined) return isTooSoon;
  const notOurs = unlessOurs(facts, run, moment);
  if (notOurs !== undefined) return notOurs;
  const isSure = run.workerName === undefined ? false : isNamedByItsWorker(facts, run);
  // With one worker its name changes nothing.
  if (isSure === undefined && elders.length > 0 && facts.workers.length > 1) return ask("history");
  const suspects = isSure === true ? elders.filter(({ name }) => name === run.workerName) : elders;
  if (suspects.length > 0) {
    const hasOneDied = facts.workers.length > elders.length;
    const patience =
      run.workerName === undefined && hasOneDied ? namesItsRunsWithin : startsItsRunsWithin;
    const wait = waitUnlessSeenFor(patience, facts, moment.now, "worker", claimed);
    if (wait !== undefined) return wait;
  }
  if (found.isSearched !== true) return ask("process");
  if (found.history === undefined) return ask("history");
  const did = suspects.length > 0 ? "did not start it" : "died";
  const why = `${claimer} had claimed it and ${did} before its code began`;
  return (
    reschedule("claim", run, found.history, policy, moment, why) ??
    crashed(`${why}, and ${whyNotAgain("claim", run, found.history)}`)
  );
}

const mayHaveClaimed = ({ startedAt }: LivingWorker, { state }: FlowRun): boolean =>
  startedAt.getTime() + claimsNothingFor <= state.timestamp.getTime();

/** Pending, and the process that a worker had started for it has gone. */
export function decideEndedBeforeItBegan(
  { found, policy, host }: RunFacts,
  run: FlowRun,
  process: Gone,
  moment: Moment,
): Decision {
  if (found.history === undefined) return ask("history");
  if (found.errors === undefined) return ask("errors");
  const fault = faultOfItsCode(found.errors);
  if (fault !== undefined) return crashed(`its code could not be loaded: ${fault}`);
  const why = `process ${process.pid} on ${host.name} ended before its code had begun`;
  return (
    reschedule("start", run, found.history, policy, moment, why) ??
    crashed(`${why}, and ${whyNotAgain("start", run, found.history)}`)
  );
}

/** The server may well have been away for its first request, which is not repeated. */
const isNewsFor = minutes(15);
const reportsWithin = seconds(5);

/** Crashed without ever having been Running. Its history is known. */
export function decideCrashedBeforeItBegan(
  facts: RunFacts,
  run: FlowRun,
  process: Gone,
  moment: Moment,
): Decision {
  const { found, policy, host } = facts;
  const history = found.history;
  if (history === undefined) return ask("history");
  const age = moment.date.getTime() - run.state.timestamp.getTime();
  if (run.deploymentId === undefined || age > isNewsFor) return over;
  // A worker says twice that a run has crashed, and the second time would undo what is done now.
  const isTooSoon = process.isWorkerAlive
    ? waitUnlessSeenFor(reportsWithin, facts, moment.now, "report", "has crashed before it began")
    : undefined;
  if (isTooSoon !== undefined) return isTooSoon;
  if (found.errors === undefined) return ask("errors");
  if (faultOfItsCode(found.errors) !== undefined) return over;
  const why = `process ${process.pid} on ${host.name} ended before it could tell the server that its code begins`;
  return (
    reschedule("start", run, history, policy, moment, why) ?? {
      kind: "over",
      report: `${why}, and ${whyNotAgain("start", run, history)}: it stays Crashed`,
    }
  );
}

const wordsOfItsWorker =
  /^(?:Failed to submit flow run to infrastructure|Flow run could not be submitted to infrastructure):\s*/;
const wordsOfAnOutage = new RegExp(
  [
    String.raw`\b(?:Connect|Read|Write|Pool)(?:Error|Timeout)\b|RemoteProtocolError|TimeoutError`,
    "Connection(?:Closed|Refused|Reset|Aborted)|BrokenPipe|IncompleteRead",
    "Invalid(?:Message|Status|Handshake)|to the event stream|Failed to reach API|Server error '5",
  ].join("|"),
);

/** Crashed, by the word of a worker that needed the server to start it and did not find it. */
export function decideCrashedUnseen(facts: RunFacts, run: FlowRun, moment: Moment): Decision {
  const { found, policy, host } = facts;
  const { message, timestamp } = run.state;
  const age = moment.date.getTime() - timestamp.getTime();
  if (run.deploymentId === undefined || age > isNewsFor) return nothing;
  if (!wordsOfItsWorker.test(message) || !wordsOfAnOutage.test(message)) return nothing;
  if (found.history === undefined) return ask("history");
  const cause = found.history.hasRun || run.runCount > 0 ? "crash" : "start";
  if (cause === "crash" && policy.onCrash === "leave") return nothing;
  const notOurs = unlessOurs(facts, run, moment);
  if (notOurs !== undefined) return notOurs.kind === "ask" ? notOurs : nothing;
  const what = "has crashed before it had a process";
  const isTooSoon = waitUnlessSeenFor(reportsWithin, facts, moment.now, "worker", what);
  if (isTooSoon !== undefined) return isTooSoon;
  if (found.isSearched !== true) return ask("process");
  const [fault = ""] = message.replace(wordsOfItsWorker, "").split("\n");
  const why = `its worker on ${host.name} did not reach the server when it was about to start it (${fault.slice(0, 200)})`;
  return (
    reschedule(cause, run, found.history, policy, moment, why) ??
    leave(`${why}, and ${whyNotAgain(cause, run, found.history)}: it stays Crashed`)
  );
}

const cannotLoad = "Unexpected exception encountered when trying to load flow";
const ofTheWayToTheServer = /httpx|httpcore|PrefectHTTPStatusError/;

/** What is wrong with the flow itself: to start it again would change nothing. */
function faultOfItsCode(errors: readonly string[]): string | undefined {
  const fault = errors.find(
    (message) => message.startsWith(cannotLoad) && !ofTheWayToTheServer.test(message),
  );
  return fault?.trim().split("\n").at(-1)?.slice(0, 300);
}
