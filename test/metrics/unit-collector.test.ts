import { beforeEach, expect, test } from "vitest";
import { seconds } from "../../src/supervision/time.ts";
import type { UnitEvent } from "../../src/supervision/unit-state.ts";
import { unitSpec } from "../support/unit-specs.ts";
import { Rig, sample, wallStart } from "./rig.ts";
import { ofUnit } from "./scraped.ts";

const generation = 0;
const start: UnitEvent = { kind: "start-requested" };
const ready: UnitEvent = { kind: "became-ready", generation };
const crash: UnitEvent = {
  kind: "ended",
  generation,
  exit: { kind: "exited", code: 1 },
  cause: { kind: "crash", summary: "exited with status 1" },
};
const timer: UnitEvent = { kind: "timed-out", generation, timer: "restart" };

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
  rig.declare([unitSpec("a")]);
});

async function gauge(name: string): Promise<number | undefined> {
  return ofUnit(await rig.metrics.render(), "a").get(`sails_unit_${name}`);
}

/** The states that are 1. */
async function chosen(): Promise<readonly string[]> {
  const all = ofUnit(await rig.metrics.render(), "a");
  return [...all]
    .filter(
      ([series, value]) =>
        /^sails_unit_(state|breaker_state|state_reason) /.test(series) && value === 1,
    )
    .map(([series]) => series.replace(/.*=/, ""));
}

test("a unit that was never started", async () => {
  expect(await chosen()).toEqual(["stopped", "not_started", "closed"]);
  expect(await gauge("desired")).toBe(0);
  expect(await gauge("up")).toBe(0);
  expect(await gauge("ready")).toBe(0);
  expect(await gauge("start_time_seconds")).toBeUndefined();
  expect(await gauge("next_start_timestamp_seconds")).toBeUndefined();
});

test("a unit that runs, and then is not ready any more", async () => {
  rig.now = seconds(2);
  rig.send("a", start);
  rig.now = seconds(5);
  rig.send("a", ready);
  expect(await chosen()).toEqual(["running", "wanted", "closed"]);
  expect(await gauge("desired")).toBe(1);
  expect(await gauge("up")).toBe(1);
  expect(await gauge("ready")).toBe(1);
  expect(await gauge("start_time_seconds")).toBe(wallStart + 2);
  expect(await gauge("state_last_change_timestamp_seconds")).toBe(wallStart + 5);
  rig.send("a", { kind: "became-unready", generation, why: "no answer" });
  expect(await gauge("ready")).toBe(0);
  expect(await chosen()).toEqual(["running", "unhealthy", "closed"]);
});

test("a unit that waits for its next start, and what is forgotten with time", async () => {
  rig.send("a", start);
  rig.now = seconds(1);
  rig.send("a", crash);
  expect(await chosen()).toEqual(["backoff", "crash", "closed"]);
  expect(await gauge("backoff_seconds")).toBe(0.5);
  expect(await gauge("next_start_timestamp_seconds")).toBe(wallStart + 1.5);
  expect(await gauge("start_time_seconds")).toBeUndefined();
  expect(await gauge("consecutive_failures")).toBe(1);
  expect(await gauge("recent_deaths")).toBe(1);
  rig.send("a", timer);
  expect(await gauge("backoff_seconds")).toBe(0);
  expect(await gauge("next_start_timestamp_seconds")).toBeUndefined();
  rig.now = seconds(602);
  expect(await gauge("recent_deaths")).toBe(0);
});

test("the breaker opens, and lets one through", async () => {
  rig.send("a", start);
  for (let death = 1; death <= 5; death += 1) {
    rig.send("a", crash);
    if (death < 5) rig.send("a", timer);
  }
  expect(await chosen()).toEqual(["backoff", "breaker", "open"]);
  rig.send("a", timer);
  expect(await chosen()).toEqual(["starting", "wanted", "half_open"]);
});

test("what its processes use is told while there are any", async () => {
  expect(await gauge("resident_memory_bytes")).toBeUndefined();
  rig.send("a", start);
  rig.samples.set(100, { ...sample, maxFds: undefined });
  rig.now = seconds(1);
  expect(await gauge("resident_memory_bytes")).toBe(1_000);
  expect(await gauge("open_fds")).toBe(10);
  expect(await gauge("max_fds")).toBeUndefined();
  expect(await gauge("processes")).toBe(2);
  rig.send("a", crash);
  expect(await gauge("resident_memory_bytes")).toBeUndefined();
  expect(await gauge("processes")).toBeUndefined();
});

test("CPU time goes on over restarts, and never falls", async () => {
  const told: (number | undefined)[] = [];
  const use = async (pid: number, userSeconds: number) => {
    rig.samples.set(pid, { ...sample, userSeconds });
    rig.now += seconds(1);
    told.push(await gauge("cpu_seconds_total mode=user"));
  };
  rig.send("a", start);
  await use(100, 3);
  await use(100, 5);
  // One of its processes has ended, and its time with it.
  await use(100, 2);
  await use(100, 3);
  rig.send("a", crash);
  rig.send("a", timer);
  await use(101, 4);
  expect(told).toEqual([3, 5, 5, 6, 10]);
  expect(await gauge("cpu_seconds_total mode=system")).toBe(2);
});

test("a new process is not told of by the sample of the one before", async () => {
  rig.send("a", start);
  rig.samples.set(100, sample);
  await rig.metrics.render();
  rig.send("a", crash);
  rig.send("a", timer);
  expect(rig.unit("a").pid).toBe(101);
  expect(await gauge("resident_memory_bytes")).toBeUndefined();
});

test("times stand still while the wall clock wavers, and follow it when it is set", async () => {
  rig.send("a", start);
  const before = await gauge("start_time_seconds");
  rig.wallStep = 0.4;
  expect(await gauge("start_time_seconds")).toBe(before);
  rig.wallStep = 3_600;
  expect(await gauge("start_time_seconds")).toBe(wallStart + 3_600);
});
