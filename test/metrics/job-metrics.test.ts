import { beforeEach, expect, test } from "vitest";
import type { JobSnapshot } from "../../src/metrics/job-metrics.ts";
import { Rig } from "./rig.ts";
import { parse } from "./scraped.ts";

const job = (name: string, changes: Partial<JobSnapshot> = {}): JobSnapshot => ({
  name,
  isRunning: false,
  lastDuration: undefined,
  lastSuccess: undefined,
  next: 1_764_000_000,
  ...changes,
});

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
  rig.jobs = { jobs: [job("backup")], backups: undefined };
});

const of = (name: string, more = "") => `${name}{job_name="backup"${more}}`;

test("a job that never ran is told of, with zeros for what is counted", async () => {
  const all = parse(await rig.metrics.render());
  expect(all.get(of("sails_job_runs_total"))).toBe(0);
  expect(all.get(of("sails_job_failures_total", ',reason="space"'))).toBe(0);
  expect(all.get(of("sails_job_missed_total"))).toBe(0);
  expect(all.get(of("sails_job_running"))).toBe(0);
  expect(all.get(of("sails_job_next_run_timestamp_seconds"))).toBe(1_764_000_000);
  expect(all.has(of("sails_job_duration_seconds"))).toBe(false);
  expect(all.has(of("sails_job_last_success_timestamp_seconds"))).toBe(false);
  expect(all.has("sails_backups")).toBe(false);
});

test("what becomes of it is counted, and what it left is shown", async () => {
  rig.metrics.jobs.missed("backup");
  rig.metrics.jobs.began("backup");
  rig.metrics.jobs.failed("backup", "space");
  rig.jobs = {
    jobs: [job("backup", { isRunning: true, lastDuration: 2.5, lastSuccess: 1_763_000_000 })],
    backups: { count: 3, newest: { bytes: 9_000_000, takenAt: 1_763_000_000 } },
  };
  const all = parse(await rig.metrics.render());
  expect(all.get(of("sails_job_runs_total"))).toBe(1);
  expect(all.get(of("sails_job_failures_total", ',reason="space"'))).toBe(1);
  expect(all.get(of("sails_job_missed_total"))).toBe(1);
  expect(all.get(of("sails_job_running"))).toBe(1);
  expect(all.get(of("sails_job_duration_seconds"))).toBe(2.5);
  expect(all.get(of("sails_job_last_success_timestamp_seconds"))).toBe(1_763_000_000);
  expect(all.get("sails_backups")).toBe(3);
  expect(all.get("sails_backup_size_bytes")).toBe(9_000_000);
  expect(all.get("sails_backup_last_success_timestamp_seconds")).toBe(1_763_000_000);
});

test("one that is gone takes its series along", async () => {
  await rig.metrics.render();
  rig.jobs = { jobs: [job("other")], backups: undefined };
  const all = parse(await rig.metrics.render());
  expect([...all.keys()].filter((series) => series.includes('job_name="backup"'))).toEqual([]);
  expect(all.get('sails_job_runs_total{job_name="other"}')).toBe(0);
});
