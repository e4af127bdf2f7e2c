/** What of a status a human is needed for, and what of it is over: read from the whole, each time anew. */
import type { NotifyEvent } from "../config/config.ts";
import type { CheckStatus, JobStatus, Problem, Status, UnitStatus } from "../control/status.ts";
import type { Event } from "./event.ts";

/** What is believed of one thing now. Of what is neither, the alarm of before stays. */
export type Observation = { readonly subject: string } & (
  | {
      readonly verdict: "bad";
      readonly event: Exclude<NotifyEvent, "recovered">;
      readonly what: string;
      readonly next: string | null;
    }
  | { readonly verdict: "good"; readonly what: string }
  | { readonly verdict: "undecided" }
);

export const observe = ({ units, checks, jobs, problems }: Status): readonly Observation[] => [
  ...units.map(ofUnit),
  ...checks.map(ofCheck),
  ...jobs.map(ofJob),
  ...problems.filter(({ id }) => !id.startsWith(ownPrefix)).map(ofProblem),
];

/** Of problems that tell of messages that do not arrive: a message about those would not, either. */
export const ownPrefix = "notify:";

/** A unit that only takes its time needs nobody. */
const hindrances: ReadonlySet<UnitStatus["reasonCode"]> = new Set([
  "volume",
  "port",
  "environment",
  "config",
  "unhealthy",
  "start_timeout",
]);

function ofUnit({
  name,
  desired,
  ready,
  state,
  reasonCode,
  reason,
  next,
}: UnitStatus): Observation {
  if (desired === "down") return { subject: name, verdict: "good", what: `stopped: ${reason}` };
  if (reasonCode === "breaker") {
    return { subject: name, verdict: "bad", event: "breaker-open", what: reason, next };
  }
  if (state === "backoff" || (!ready && hindrances.has(reasonCode) && state !== "starting")) {
    return { subject: name, verdict: "bad", event: "unit-failing", what: reason, next };
  }
  if (ready) return { subject: name, verdict: "good", what: "ready again" };
  return { subject: name, verdict: "undecided" };
}

function ofCheck({ name, state, reason, next }: CheckStatus): Observation {
  const subject = `check ${name}`;
  switch (state) {
    case "fail":
    case "hangs":
      return { subject, verdict: "bad", event: "check-failing", what: reason, next };
    case "ok":
    case "warn":
      return { subject, verdict: "good", what: `holds again: ${reason}` };
    case "unknown":
      return { subject, verdict: "undecided" };
    default:
      return state satisfies never;
  }
}

function ofJob({ name, last }: JobStatus): Observation {
  const subject = `job ${name}`;
  if (last === null) return { subject, verdict: "undecided" };
  if (last.result === "succeeded") return { subject, verdict: "good", what: "succeeded again" };
  const event = name === "backup" ? "backup-failed" : "job-failed";
  return { subject, verdict: "bad", event, what: last.message, next: last.cure };
}

/** Each problem is a thing of its own; one that is gone from the list is over. */
const ofProblem = ({ id, what, cure }: Problem): Observation => ({
  subject: `${problemPrefix}${id}`,
  verdict: "bad",
  event: "problem",
  what,
  next: cure,
});

const problemPrefix = "problem ";

/** What somebody is needed for, by subject. */
export type Alarms = ReadonlyMap<string, NotifyEvent>;

/** What has begun and what is over since. A thing that is gone from the configuration is told of no more. */
export function advance(
  alarms: Alarms,
  observations: readonly Observation[],
  at: Date,
): readonly [Alarms, readonly Event[]] {
  const next = new Map<string, NotifyEvent>();
  const events: Event[] = [];
  for (const observation of observations) {
    const { subject, verdict } = observation;
    const before = alarms.get(subject);
    if (verdict === "bad") {
      const { event, what, next: then } = observation;
      next.set(subject, event);
      if (before !== event) events.push({ event, subject, what, next: then, at });
    } else if (verdict === "good" && before !== undefined) {
      events.push({ event: "recovered", subject, what: observation.what, next: null, at });
    } else if (before !== undefined) {
      next.set(subject, before);
    }
  }
  const seen = new Set(observations.map(({ subject }) => subject));
  for (const subject of alarms.keys()) {
    if (seen.has(subject) || !subject.startsWith(problemPrefix)) continue;
    events.push({ event: "recovered", subject, what: "it is so no more", next: null, at });
  }
  return [next, events];
}
