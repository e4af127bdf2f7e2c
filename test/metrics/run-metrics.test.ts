import { expect, test } from "vitest";
import type { RunMetrics } from "../../src/metrics/run-metrics.ts";
import { Rig } from "./rig.ts";
import { moved, ofPool, parse } from "./scraped.ts";

function rigWith(...pools: readonly string[]): Rig {
  const rig = new Rig();
  const named = pools.map((name) => ({ name, pausedFor: [], drainDeadline: undefined }));
  rig.runs = { pools: named, runs: [], dead: [] };
  return rig;
}

async function counts(rig: Rig) {
  const all = ofPool(await rig.metrics.render(), "gpu");
  return new Map([...all].filter(([series]) => /_total\b/.test(series)));
}

test.each<readonly [string, (runs: RunMetrics) => void, string]>([
  ["a start", (runs) => runs.started("gpu"), "sails_run_starts_total"],
  ["an end", (runs) => runs.ended("gpu", "signal"), "sails_run_exits_total reason=signal"],
  [
    "an end that nobody saw",
    (runs) => runs.ended("gpu", "unknown"),
    "sails_run_exits_total reason=unknown",
  ],
  [
    "a run that was settled",
    (runs) => runs.settled("gpu", "crashed", 4),
    "sails_run_recoveries_total action=crashed",
  ],
  [
    "a run that could not be",
    (runs) => runs.failed("gpu", "rejected"),
    "sails_run_recovery_failures_total reason=rejected",
  ],
])("%s is counted, also in a pool that no scrape has seen", async (_, happen, series) => {
  const rig = rigWith("gpu");
  happen(rig.metrics.runs);
  const after = await counts(rig);
  expect(Object.fromEntries([...after].filter(([, count]) => count > 0))).toEqual({ [series]: 1 });
  happen(rig.metrics.runs);
  expect(moved(after, await counts(rig))).toEqual({ [series]: 1 });
});

test("every count of a pool begins at 0, before anything has happened", async () => {
  const all = await counts(rigWith("gpu"));
  expect([...all.values()].every((value) => value === 0)).toBe(true);
  expect([...all.keys()]).toEqual([
    "sails_run_starts_total",
    ...["clean", "code", "signal", "oom", "unknown"].map(
      (reason) => `sails_run_exits_total reason=${reason}`,
    ),
    ...["crashed", "rescheduled", "cancelled"].map(
      (action) => `sails_run_recoveries_total action=${action}`,
    ),
    ...["timeout", "refused", "status", "rejected", "other"].map(
      (reason) => `sails_run_recovery_failures_total reason=${reason}`,
    ),
    ...["user", "system"].map((mode) => `sails_run_cpu_seconds_total mode=${mode}`),
    "sails_run_oom_kills_total",
    ...["completed", "failed", "crashed", "cancelled"].map(
      (state) => `sails_prefect_flow_runs_finished_total state=${state}`,
    ),
  ]);
});

test("how long it took to settle a run is kept by what was done, with the target as a bound", async () => {
  const rig = rigWith("gpu");
  rig.metrics.runs.settled("gpu", "rescheduled", 30);
  rig.metrics.runs.settled("gpu", "rescheduled", 31);
  const all = parse(await rig.metrics.render());
  const bucket = (le: string) =>
    all.get(`sails_run_recovery_duration_seconds_bucket{le="${le}",action="rescheduled"}`);
  expect([bucket("20"), bucket("30"), bucket("60")]).toEqual([0, 1, 2]);
});

test("of a pool that is not ours nothing is counted", async () => {
  const rig = rigWith("gpu");
  rig.metrics.runs.started("other");
  rig.metrics.runs.settled("other", "crashed", 1);
  const text = await rig.metrics.render();
  expect(text).not.toContain('pool="other"');
  expect(text).toContain('sails_run_recovery_duration_seconds_count{action="crashed"} 0');
});

test("without a source nothing is told of flow runs", async () => {
  const text = await new Rig().metrics.render();
  expect(text).not.toMatch(/^sails_run_\w+\{pool=/m);
});

test("a run that was killed for memory is counted as such too", async () => {
  const rig = rigWith("gpu");
  const before = await counts(rig);
  rig.metrics.runs.ended("gpu", "oom");
  expect(moved(before, await counts(rig))).toEqual({
    "sails_run_exits_total reason=oom": 1,
    sails_run_oom_kills_total: 1,
  });
});
