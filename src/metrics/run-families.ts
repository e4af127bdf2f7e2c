/** The families that tell of flow runs on this host, of the pools that they are in, and of hot restarts. */
import type { Families } from "./family.ts";

const pool = { pool: "any" } as const;
const action = ["crashed", "rescheduled", "cancelled"] as const;

export const runFamilies = {
  sails_unit_hot_restarts_total: {
    type: "counter",
    labels: { unit: "any", pool: "any" },
    help: "Restarts of a worker that left its flow runs running.",
    how: "event; counted when the next worker is ready",
  },
  sails_unit_hot_restart_duration_seconds: {
    type: "histogram",
    labels: { role: ["server", "worker", "service"] },
    help: "Time from the end of the intake of a worker to the readiness of the next.",
    how: "event",
    buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  sails_run_processes: {
    type: "gauge",
    labels: { ...pool, attachment: ["attached", "orphaned"] },
    help: "Flow runs with a live process on this host.",
    how: "registry of runs; an orphaned one has no worker",
  },
  sails_run_oldest_start_time_seconds: {
    type: "gauge",
    labels: pool,
    help: "Unix time at which the oldest live flow run process started; absent when there is none.",
    how: "registry of runs",
  },
  sails_run_starts_total: {
    type: "counter",
    labels: pool,
    help: "Flow run processes started by the launcher.",
    how: "registry of runs; what starts while no daemon runs is not counted",
  },
  sails_run_exits_total: {
    type: "counter",
    labels: { ...pool, reason: ["clean", "code", "signal", "oom", "unknown"] },
    help: "Flow run processes that ended.",
    how: "registry of runs; unknown: its parent alone was told how",
  },
  sails_run_recoveries_total: {
    type: "counter",
    labels: { ...pool, action },
    help: "Flow runs without a process that the daemon settled.",
    how: "guardian",
  },
  sails_run_recovery_failures_total: {
    type: "counter",
    labels: { ...pool, reason: ["timeout", "refused", "status", "rejected", "other"] },
    help: "Attempts to settle a flow run that failed.",
    how: "guardian; each is tried again",
  },
  sails_run_recovery_duration_seconds: {
    type: "histogram",
    labels: { action },
    help: "Time from the end of the process to the settled state.",
    how: "guardian",
    buckets: [1, 2.5, 5, 10, 20, 30, 60, 300, 1800],
  },
  sails_run_dead: {
    type: "gauge",
    labels: pool,
    help: "Flow runs that the server counts as live and that have no process.",
    how: "guardian",
  },
  sails_run_oldest_dead_timestamp_seconds: {
    type: "gauge",
    labels: pool,
    help: "Unix time since when the longest unsettled flow run has had no process; absent when there is none.",
    how: "guardian",
  },
  sails_run_cpu_seconds_total: {
    type: "counter",
    labels: { ...pool, mode: ["user", "system"] },
    help: "CPU time of the flow run processes.",
    how: "their control groups, else /proc; read for scrapes and summed as deltas; what a run used after the last scrape before its end is missed",
  },
  sails_run_resident_memory_bytes: {
    type: "gauge",
    labels: pool,
    help: "Memory of the flow run processes.",
    how: "their control groups, else /proc; read for scrapes",
  },
  sails_run_oom_kills_total: {
    type: "counter",
    labels: pool,
    help: "Kernel OOM kills in the control groups of flow runs.",
    how: "event; where runs have none with a memory controller, those that ended in the seconds of an OOM kill on the machine",
  },
  sails_pool_paused_by_supervisor: {
    type: "gauge",
    labels: { ...pool, reason: ["check", "drain", "stop", "environment"] },
    help: "Whether the daemon has paused the pool.",
    how: "state file",
  },
  sails_pool_drain_deadline_timestamp_seconds: {
    type: "gauge",
    labels: pool,
    help: "Unix time at which the drain under way gives up waiting; absent when there is none.",
    how: "drain",
  },
} as const satisfies Families;
