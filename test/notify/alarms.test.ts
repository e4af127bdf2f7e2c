/** What of a status becomes an event, and when it is over. */
import { expect, test } from "vitest";
import type { CheckStatus, JobStatus, Status } from "../../src/control/status.ts";
import { type Alarms, advance, observe } from "../../src/notify/alarms.ts";
import { statusOf, unit } from "../control/support/fake-plane.ts";

const at = new Date("2026-11-25T12:00:00Z");

/** `event subject`, status by status. */
function told(...statuses: readonly Status[]): readonly (readonly string[])[] {
  let alarms: Alarms = new Map();
  return statuses.map((status) => {
    const [next, events] = advance(alarms, observe(status), at);
    alarms = next;
    return events.map(({ event, subject }) => `${event} ${subject}`);
  });
}

const server = (changes: Parameters<typeof unit>[1]) => statusOf([unit("server", changes)]);
const ready = server({ ready: true, state: "running", reasonCode: "wanted" });
const starting = server({ ready: false, state: "starting", reasonCode: "wanted" });
const backoff = server({ ready: false, state: "backoff", reasonCode: "crash", reason: "died" });
const broken = server({ ready: false, state: "backoff", reasonCode: "breaker" });
const stopped = server({ ready: false, desired: "down", state: "stopped" });
const noVolume = server({ ready: false, state: "waiting", reasonCode: "volume" });

test.each([
  ["a start is nobody's business", [starting, ready], [[], []]],
  [
    "a unit that dies is told of once, and that it is ready again",
    [ready, backoff, starting, backoff, starting, ready],
    [[], ["unit-failing server"], [], [], [], ["recovered server"]],
  ],
  [
    "one that gets worse is told of again",
    [backoff, broken, ready],
    [["unit-failing server"], ["breaker-open server"], ["recovered server"]],
  ],
  [
    "what keeps it from starting is told",
    [noVolume, ready],
    [["unit-failing server"], ["recovered server"]],
  ],
  [
    "an operator's stop ends it",
    [backoff, stopped],
    [["unit-failing server"], ["recovered server"]],
  ],
  [
    "one that is not there any more is not told of",
    [backoff, statusOf([])],
    [["unit-failing server"], []],
  ],
])("%s", (_, statuses, expected) => {
  expect(told(...statuses)).toEqual(expected);
});

const check = (state: CheckStatus["state"]): Status =>
  statusOf([], {
    checks: [
      { name: "arc", what: "mount /arc", state, since: "", reason: "why", next: "next", pools: [] },
    ],
  });

test("a check that fails or hangs, and one of which nothing is known", () => {
  expect(told(check("ok"), check("fail"), check("unknown"), check("hangs"), check("ok"))).toEqual([
    [],
    ["check-failing check arc"],
    [],
    [],
    ["recovered check arc"],
  ]);
});

const job = (name: string, result: "failed" | "succeeded"): Status => {
  const last: JobStatus["last"] = {
    result,
    startedAt: "",
    tookMs: 1,
    reason: result === "failed" ? "space" : null,
    message: "no room",
    cure: "make some",
  };
  const times = { cron: null, timezone: null, running: null, lastSuccess: null, next: null };
  return statusOf([], { jobs: [{ name, ...times, last }] });
};

test("a backup that fails has an event of its own", () => {
  expect(
    told(job("backup", "failed"), job("backup", "failed"), job("backup", "succeeded")),
  ).toEqual([["backup-failed job backup"], [], ["recovered job backup"]]);
  expect(told(job("report", "failed"))).toEqual([["job-failed job report"]]);
});

test("a problem comes and goes; that messages do not arrive is no message", () => {
  const problem = (...ids: readonly string[]) =>
    statusOf([], { problems: ids.map((id) => ({ id, what: "w", cure: null })) });
  expect(told(problem("a"), problem("a", "notify:mail"), problem("notify:mail"))).toEqual([
    ["problem problem a"],
    [],
    ["recovered problem a"],
  ]);
});

test("the sentences are those of the status", () => {
  const [, [event]] = advance(new Map(), observe(backoff), at);
  expect(event).toMatchObject({ what: "died", next: backoff.units[0]?.next, at });
});
