import { beforeEach, expect, test } from "vitest";
import { everythingCollected, workPool } from "./collected.ts";
import { Rig } from "./rig.ts";
import { ofPool, parse } from "./scraped.ts";

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
  rig.runs = {
    pools: [{ name: "gpu", pausedFor: [], drainDeadline: undefined }],
    runs: [],
    dead: [],
  };
});

const ofPrefect = async (): Promise<readonly string[]> =>
  [...parse(await rig.metrics.render()).keys()].filter((series) =>
    /^sails_(prefect_(work|flow_runs\{|server|database_size|oldest|stalled)|volume)/.test(series),
  );

test("nothing is told of Prefect until something is known", async () => {
  expect(await ofPrefect()).toEqual([]);
});

test("what is known is told as it is", async () => {
  rig.collected = everythingCollected;
  const all = ofPool(await rig.metrics.render(), "gpu");
  expect(all.get("sails_prefect_flow_runs state=late")).toBe(1);
  expect(all.get("sails_prefect_flow_runs state=scheduled")).toBe(5);
  expect(all.get("sails_prefect_work_pool_status status=ready")).toBe(1);
  expect(all.get("sails_prefect_work_pool_status status=paused")).toBe(0);
  expect(all.get("sails_prefect_work_pool_active_slots")).toBe(1);
  expect(all.get("sails_prefect_work_pool_concurrency_limit")).toBe(2);
  expect(all.get("sails_prefect_oldest_late_flow_run_timestamp_seconds")).toBe(1);
  expect(all.get("sails_prefect_work_queue_last_polled_timestamp_seconds queue=default")).toBe(2);
  const heartbeat =
    'sails_prefect_worker_last_heartbeat_timestamp_seconds{unit="worker@gpu",pool="gpu"}';
  expect(parse(await rig.metrics.render()).get(heartbeat)).toBe(3);
});

test("what is too old goes, all of it", async () => {
  rig.collected = everythingCollected;
  expect((await ofPrefect()).length).toBeGreaterThan(20);
  rig.collected = { prefect: undefined, volumes: undefined };
  expect(await ofPrefect()).toEqual([]);
});

test("a pool that goes takes its series along, and the limit that is lifted its own", async () => {
  const { prefect } = everythingCollected;
  rig.collected = {
    ...everythingCollected,
    prefect: { ...prefect, pools: [workPool("gpu"), workPool("other")] },
  };
  expect(await rig.metrics.render()).toContain('pool="other"');
  rig.collected = {
    ...everythingCollected,
    prefect: {
      ...prefect,
      pools: [workPool("gpu", { limit: undefined, activeSlots: undefined, oldestLate: undefined })],
    },
  };
  const text = await rig.metrics.render();
  expect(text).not.toContain('pool="other"');
  for (const gone of ["active_slots", "concurrency_limit", "oldest_late"]) {
    expect(text).not.toMatch(new RegExp(`^sails_prefect_\\w*${gone}\\w*\\{`, "m"));
  }
});

test("runs that ended are counted from 0 on, of declared pools only", async () => {
  const family = "sails_prefect_flow_runs_finished_total state=failed";
  expect(ofPool(await rig.metrics.render(), "gpu").get(family)).toBe(0);
  rig.metrics.prefect.finished("gpu", "failed", 3);
  rig.metrics.prefect.finished("other", "failed", 3);
  const text = await rig.metrics.render();
  expect(ofPool(text, "gpu").get(family)).toBe(3);
  expect(text).not.toContain('pool="other"');
});

test("a probe that failed is counted with its reason, and is no success", async () => {
  const { prefect } = rig.metrics;
  prefect.probed({ probe: "read", failure: undefined, seconds: 0.02, at: 10 });
  prefect.probed({ probe: "read", failure: "timeout", seconds: 5, at: 20 });
  prefect.probed({ probe: "health", failure: undefined, seconds: undefined, at: 20 });
  prefect.up(false, false);
  const all = parse(await rig.metrics.render());
  expect(all.get('sails_prefect_api_probes_total{probe="read"}')).toBe(2);
  const failures = 'sails_prefect_api_probe_failures_total{probe="read",reason="timeout"}';
  expect(all.get(failures)).toBe(1);
  expect(all.get('sails_prefect_api_last_success_timestamp_seconds{probe="read"}')).toBe(10);
  // One that nobody asked has no latency.
  expect(all.get('sails_prefect_api_probe_duration_seconds_count{probe="health"}')).toBe(0);
  expect(all.get("sails_prefect_up")).toBe(0);
  prefect.up(undefined, undefined);
  expect(await rig.metrics.render()).not.toMatch(/^sails_prefect_up /m);
});

test("a collection that failed keeps the time of the one before", async () => {
  const { prefect } = rig.metrics;
  const one = { collector: "prefect", seconds: 0.1, dropped: 0 } as const;
  prefect.collected({ ...one, failure: undefined, at: 10 });
  prefect.collected({ ...one, failure: "status", at: 40 });
  const all = parse(await rig.metrics.render());
  const labels = '{collector="prefect"}';
  expect(all.get(`sails_collector_success${labels}`)).toBe(0);
  expect(all.get(`sails_collector_last_success_timestamp_seconds${labels}`)).toBe(10);
  expect(all.get('sails_collector_failures_total{collector="prefect",reason="status"}')).toBe(1);
});
