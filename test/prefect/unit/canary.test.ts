/** What a server that answers hides: when it is believed, told, and the server replaced for it. */
import { describe, expect, test } from "vitest";
import {
  advanceCanary,
  type CanaryLook,
  type CanaryState,
  canaryProblems,
  canaryVerdict,
  nextLookIn,
  noCanary,
  schedulerIsOff,
  serverReplaced,
} from "../../../src/prefect/canary.ts";
import { isScheduled, lookAtServer } from "../../../src/prefect/canary-look.ts";
import { minutes, seconds } from "../../../src/supervision/time.ts";
import { away, refused, signal } from "./given.ts";

const well: CanaryLook = { write: { kind: "ok" }, idle: [], isSettling: false, walBytes: 4e6 };
const locked: CanaryLook = { ...well, write: { kind: "failed", why: "Prefect answered 503" } };
const idle = (...names: readonly string[]): CanaryLook => ({ ...well, idle: names });
const ours = { isOurs: true, isSchedulerOff: false };

/** Looks at these minutes. */
const after = (...looks: readonly (readonly [number, CanaryLook])[]): CanaryState =>
  looks.reduce((state, [at, look]) => advanceCanary(state, look, minutes(at)), noCanary);

const told = (state: CanaryState, at: number, context = ours) =>
  canaryProblems(state, context, minutes(at)).map(({ id }) => id);
const verdict = (state: CanaryState, at: number, context = ours) =>
  canaryVerdict(state, context, minutes(at)).kind;

describe("a database that cannot be written to", () => {
  test("is locked for a moment now and then: told after 90 s, replaced after 5 min", () => {
    const state = after([0, well], [1, locked], [2, locked]);
    expect([told(state, 2.4), verdict(state, 2.4)]).toEqual([[], "pass"]);
    expect([told(state, 2.6), verdict(state, 2.6)]).toEqual([["database-locked"], "pass"]);
    expect([told(state, 6.1), verdict(state, 6.1)]).toEqual([["database-locked"], "fail"]);
  });

  test("one write that succeeds ends it; one that was not tried changes nothing", () => {
    const untried = { ...well, write: undefined };
    expect(told(after([0, locked], [3, well]), 9)).toEqual([]);
    expect(told(after([0, locked], [3, untried]), 9)).toEqual(["database-locked"]);
    expect(told(after([0, untried]), 9)).toEqual([]);
  });
});

describe("a scheduler that makes no runs", () => {
  const dead = after([0, idle("f/a", "f/b")], [2, idle("f/a", "f/b")]);

  test("is told of after 2 min, and the server replaced once after 10 min", () => {
    expect([told(dead, 1.9), told(dead, 2.1)]).toEqual([[], ["scheduler"]]);
    expect([verdict(dead, 9.9), verdict(dead, 10.1)]).toEqual(["pass", "fail"]);
    const next = advanceCanary(serverReplaced(dead), idle("f/a"), minutes(12));
    expect([told(next, 15), verdict(next, 30)]).toEqual([["scheduler"], "pass"]);
    expect(canaryProblems(next, ours, minutes(30))[0]?.what).toContain("which did not help");
    // It has worked meanwhile: what comes later is another matter.
    const again = advanceCanary(advanceCanary(next, well, minutes(40)), idle("f/a"), minutes(50));
    expect(verdict(again, 61)).toBe("fail");
  });

  test("that has made runs of one of them is alive", () => {
    const moving = after([0, idle("f/a")], [1, idle("f/b")], [2, idle("f/c")]);
    expect(told(moving, 3.9)).toEqual([]);
    expect(told(after([0, idle("f/a")], [1, idle()]), 30)).toEqual([]);
    expect(told(after([0, idle("f/a")], [1, { ...well, idle: undefined }]), 30)).toEqual([
      "scheduler",
    ]);
  });

  test("that is switched off is a problem with its cure, and no server is replaced for it", () => {
    const off = { ...ours, isSchedulerOff: true };
    expect(verdict(dead, 60, off)).toBe("pass");
    const [problem] = canaryProblems(dead, off, minutes(5));
    expect(problem?.what).toContain("switched off by PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED");
    expect(problem?.cure).toContain("Take PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED out");
  });

  test.each([
    [{}, false],
    [{ PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED: "true" }, false],
    [{ PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED: "False" }, true],
    [{ PREFECT_API_SERVICES_SCHEDULER_ENABLED: "0" }, true],
  ])("%o: off: %s", (env: Readonly<Record<string, string>>, expected) => {
    expect(schedulerIsOff(env)).toBe(expected);
  });
});

test("a log that grows is told of", () => {
  const grown = after([0, { ...well, walBytes: 2e9 }]);
  expect(told(grown, 1)).toEqual(["database-log"]);
  expect(told(advanceCanary(grown, well, minutes(5)), 6)).toEqual([]);
  expect(verdict(grown, 60)).toBe("pass");
});

test("looks are rare as long as nothing looks wrong", () => {
  expect(nextLookIn(after([0, well]))).toBe(minutes(5));
  expect(nextLookIn(after([0, { ...well, isSettling: true }]))).toBe(minutes(2));
  expect(nextLookIn(after([0, locked]))).toBe(seconds(30));
  expect(nextLookIn(after([0, idle("f/a")]))).toBe(seconds(30));
});

const schedule = (rule: Record<string, unknown>, active = true, most: number | null = null) => ({
  id: "s",
  slug: null,
  active,
  schedule: rule,
  parameters: {},
  max_scheduled_runs: most,
});

test.each([
  ["cron", { paused: false, schedules: [schedule({ cron: "* * * * *" })] }, true],
  ["an interval", { paused: false, schedules: [schedule({ interval: 60 })] }, true],
  ["a rule, which may end", { paused: false, schedules: [schedule({ rrule: "X" })] }, false],
  ["paused", { paused: true, schedules: [schedule({ interval: 60 })] }, false],
  ["inactive", { paused: false, schedules: [schedule({ interval: 60 }, false)] }, false],
  ["none wanted", { paused: false, schedules: [schedule({ interval: 60 }, true, 0)] }, false],
])("%s: runs are expected: %s", (_, deployment, expected) => {
  expect(isScheduled(deployment)).toBe(expected);
});

describe("a look", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  const deployment = (name: string, minutesOld: number) => ({
    id: name,
    updated: new Date(now.getTime() - minutesOld * 60_000).toISOString(),
    paused: false,
    schedules: [schedule({ interval: 3600 })],
    name,
    flowName: "f",
    entrypoint: undefined,
    poolName: "runs",
    command: undefined,
    settings: {},
  });
  const ok = <T>(value: T) => ({ kind: "ok", value }) as const;
  const api = {
    write: async () => ok("written" as const),
    deployments: async () => ok([deployment("a", 60), deployment("b", 60), deployment("c", 1)]),
    deploymentsAhead: async () => ok(new Set(["a"])),
    runsAhead: async () => ok(0),
  };
  const look = (changes: Partial<Parameters<typeof lookAtServer>[0]["api"]> = {}) =>
    lookAtServer({ api: { ...api, ...changes }, now: () => now, walBytes: async () => 7 }, signal);

  test("finds who has no run ahead, and asks again of those beyond the first two hundred", async () => {
    expect(await look()).toEqual({
      write: { kind: "ok" },
      idle: ["f/b"],
      isSettling: true,
      walBytes: 7,
    });
    expect((await look({ runsAhead: async () => ok(3) })).idle).toEqual([]);
  });

  test("says nothing of what Prefect does not tell", async () => {
    expect((await look({ deployments: async () => away })).idle).toBeUndefined();
    expect((await look({ deploymentsAhead: async () => away })).idle).toBeUndefined();
    expect((await look({ runsAhead: async () => away })).idle).toBeUndefined();
  });

  test.each([
    ["no flow to try it with", ok(undefined), undefined],
    ["a lock", refused(503), "failed"],
    ["another password", refused(401), undefined],
    ["a server that is away", away, undefined],
    [
      "a write that takes for ever",
      { kind: "unreachable", why: "http://h/api did not answer within 10 s" } as const,
      "failed",
    ],
  ])("%s", async (_, answer, kind) => {
    expect((await look({ write: async () => answer as never })).write?.kind).toBe(kind);
  });
});

test("what was seen of a server says nothing about the next one", () => {
  const state = after([0, locked], [9, locked]);
  expect(told(serverReplaced(state), 60)).toEqual([]);
  expect(serverReplaced(state).wasReplacedForIdle).toBe(false);
});
