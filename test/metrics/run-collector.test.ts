import { beforeEach, expect, test } from "vitest";
import type { PoolSnapshot, RunSnapshot } from "../../src/metrics/runs-snapshot.ts";
import { seconds } from "../../src/supervision/time.ts";
import { Rig, wallStart } from "./rig.ts";
import { ofPool } from "./scraped.ts";

const pool = (name: string, changes: Partial<PoolSnapshot> = {}): PoolSnapshot => ({
  name,
  pausedFor: [],
  drainDeadline: undefined,
  ...changes,
});

const run = (key: string, changes: Partial<RunSnapshot> = {}): RunSnapshot => ({
  key,
  pool: "gpu",
  attachment: "attached",
  startedAt: new Date(2_000),
  usage: { userSeconds: 3, systemSeconds: 1, residentBytes: 1_000 },
  ...changes,
});

const using = (userSeconds: number) => ({ userSeconds, systemSeconds: 0, residentBytes: 0 });

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});

const told = async (name = "gpu") => ofPool(await rig.metrics.render(), name);

async function become(...runs: readonly RunSnapshot[]) {
  rig.runs = { ...rig.runs, pools: [pool("gpu")], runs };
  return told();
}

test("a pool without flow runs is told of", async () => {
  const all = await become();
  expect(all.get("sails_run_processes attachment=attached")).toBe(0);
  expect(all.get("sails_run_processes attachment=orphaned")).toBe(0);
  expect(all.get("sails_run_resident_memory_bytes")).toBe(0);
  expect(all.get("sails_run_dead")).toBe(0);
  expect(all.get("sails_pool_paused_by_supervisor reason=drain")).toBe(0);
  for (const absent of [
    "sails_run_oldest_start_time_seconds",
    "sails_run_oldest_dead_timestamp_seconds",
    "sails_pool_drain_deadline_timestamp_seconds",
  ])
    expect(all.has(absent)).toBe(false);
});

test("what runs is summed by pool", async () => {
  const all = await become(
    run("a"),
    run("b", { startedAt: new Date(1_000) }),
    run("c", { attachment: "orphaned", usage: undefined }),
    run("d", { pool: "cpu", startedAt: new Date(0) }),
  );
  expect(all.get("sails_run_processes attachment=attached")).toBe(2);
  expect(all.get("sails_run_processes attachment=orphaned")).toBe(1);
  expect(all.get("sails_run_oldest_start_time_seconds")).toBe(1);
  expect(all.get("sails_run_resident_memory_bytes")).toBe(2_000);
  // Of a pool that is not ours nothing is said.
  expect(await told("cpu")).toEqual(new Map());
});

test("what is dead, since when, and who has paused the pool", async () => {
  const drainDeadline = new Date(5_000);
  rig.runs = {
    pools: [pool("gpu", { pausedFor: ["drain", "check"], drainDeadline })],
    runs: [],
    dead: [
      { pool: "gpu", since: seconds(7) },
      { pool: "gpu", since: seconds(4) },
    ],
  };
  const all = await told();
  expect(all.get("sails_run_dead")).toBe(2);
  expect(all.get("sails_run_oldest_dead_timestamp_seconds")).toBe(wallStart + 4);
  expect(all.get("sails_pool_drain_deadline_timestamp_seconds")).toBe(5);
  const paused = ["check", "drain", "stop", "environment"].map((reason) =>
    all.get(`sails_pool_paused_by_supervisor reason=${reason}`),
  );
  expect(paused).toEqual([1, 1, 0, 0]);

  const later = await become();
  expect(later.get("sails_pool_paused_by_supervisor reason=drain")).toBe(0);
  expect(later.has("sails_pool_drain_deadline_timestamp_seconds")).toBe(false);
});

test("CPU time goes on over the ends of runs, and never falls", async () => {
  const used = async (...runs: readonly RunSnapshot[]) =>
    (await become(...runs)).get("sails_run_cpu_seconds_total mode=user");
  expect(await used()).toBe(0);
  expect(await used(run("a", { usage: using(3) }))).toBe(3);
  expect(await used(run("a", { usage: using(5) }), run("b", { usage: using(1) }))).toBe(6);
  // A process of it has ended, and its time with it.
  expect(await used(run("a", { usage: using(4) }), run("b", { usage: using(1) }))).toBe(6);
  expect(await used(run("b", { usage: undefined }))).toBe(6);
  expect(await used(run("b", { usage: using(2) }))).toBe(7);
});

test("what an earlier daemon has told of is not told again", async () => {
  const used = async (seconds_: number) =>
    (await become(run("a", { usage: using(seconds_) }))).get(
      "sails_run_cpu_seconds_total mode=user",
    );
  expect(await used(1_000)).toBe(0);
  expect(await used(1_002)).toBe(2);
});

test("a pool that goes takes its series along, and one that stays keeps its counts", async () => {
  rig.runs = { pools: [pool("gpu"), pool("cpu")], runs: [run("a")], dead: [] };
  rig.metrics.runs.started("gpu");
  rig.metrics.runs.started("cpu");
  await rig.metrics.render();
  rig.runs = { ...rig.runs, pools: [pool("cpu")] };
  const text = await rig.metrics.render();
  expect(text).not.toContain('pool="gpu"');
  expect(ofPool(text, "cpu").get("sails_run_starts_total")).toBe(1);
  rig.metrics.runs.ended("gpu", "clean");
  expect(await rig.metrics.render()).not.toContain('pool="gpu"');
});
