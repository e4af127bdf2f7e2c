/** The families that tell of Prefect as its API shows it, and of how that was asked for. */
import type { Families } from "./family.ts";

const pool = { pool: "any" } as const;
const queue = { pool: "any", queue: "any" } as const;
const probe = { probe: ["health", "read"] } as const;
const endpoint = {
  endpoint: [
    "work_pools",
    "workers",
    "work_queues",
    "flow_runs_history",
    "flow_runs_count",
    "flow_runs",
    "deployments",
    "version",
    "health",
    "other",
  ],
} as const;
const collector = { collector: ["prefect", "volumes"] } as const;
const reason = ["timeout", "refused", "tls", "status", "auth", "body", "other"] as const;
const latency = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

export const prefectFamilies = {
  sails_prefect_up: {
    type: "gauge",
    labels: {},
    help: "Whether the last health and read probes of the Prefect API both succeeded.",
    how: "every 15 s; absent where no Prefect is looked after",
  },
  sails_prefect_database_up: {
    type: "gauge",
    labels: {},
    help: "Whether the last read through the API that touches the database succeeded.",
    how: "the read probe; /api/ready would not do, it stays 200 while the database is locked",
  },
  sails_prefect_server_info: {
    type: "gauge",
    labels: { version: "any" },
    help: "Version reported by the Prefect server; the value is always 1.",
    how: "GET /api/admin/version, after each outage",
  },
  sails_prefect_api_probes_total: {
    type: "counter",
    labels: probe,
    help: "Probes of the Prefect API.",
    how: "every 15 s; a read is the list of work pools, and what another part of the daemon has just been answered counts; health is asked by itself only where the read failed, for an answer shows that the server lives",
  },
  sails_prefect_api_probe_failures_total: {
    type: "counter",
    labels: { ...probe, reason },
    help: "Probes of the Prefect API that failed.",
    how: "event",
  },
  sails_prefect_api_probe_duration_seconds: {
    type: "histogram",
    labels: probe,
    help: "Latency of the Prefect API probes, failed ones included.",
    how: "event; of those that were asked",
    buckets: latency,
  },
  sails_prefect_api_last_success_timestamp_seconds: {
    type: "gauge",
    labels: probe,
    help: "Unix time of the last successful probe; absent before the first.",
    how: "event",
  },
  sails_prefect_api_requests_total: {
    type: "counter",
    labels: { ...endpoint, code: ["2xx", "3xx", "4xx", "5xx", "error"] },
    help: "Requests of the collectors to the Prefect API.",
    how: "event; error: there was no answer",
  },
  sails_prefect_api_request_duration_seconds: {
    type: "histogram",
    labels: endpoint,
    help: "Latency of the requests of the collectors.",
    how: "event",
    buckets: latency,
  },
  sails_prefect_database_size_bytes: {
    type: "gauge",
    labels: { file: ["main", "wal"] },
    help: "Size of the SQLite database files; absent for other databases.",
    how: "every five minutes while somebody scrapes, by a child with a time limit",
  },
  sails_prefect_stalled_schedules: {
    type: "gauge",
    labels: {},
    help: "Active schedules without a future run while the API answers.",
    how: "one deployment with each poll, in turn; one whose schedule has come to its end counts too",
  },
  sails_prefect_work_pool_info: {
    type: "gauge",
    labels: { ...pool, pool_type: "any" },
    help: "A work pool known to the server; the value is always 1.",
    how: "POST /api/work_pools/filter; the first hundred",
  },
  sails_prefect_work_pool_status: {
    type: "gauge",
    labels: { ...pool, status: ["ready", "not_ready", "paused"] },
    oneOf: "status",
    help: "Status of the work pool; exactly one is 1.",
    how: "POST /api/work_pools/filter",
  },
  sails_prefect_work_pool_paused: {
    type: "gauge",
    labels: pool,
    help: "Whether the work pool is paused.",
    how: "is_paused, whoever has paused it; sails_pool_paused_by_supervisor says whether the daemon did",
  },
  sails_prefect_work_pool_concurrency_limit: {
    type: "gauge",
    labels: pool,
    help: "Concurrency limit of the work pool; absent when there is none.",
    how: "concurrency_limit",
  },
  sails_prefect_work_pool_active_slots: {
    type: "gauge",
    labels: pool,
    help: "Concurrency slots in use; absent when there is no limit.",
    how: "active_slots; of a server that does not tell them, the pending and running flow runs of a declared pool",
  },
  sails_prefect_workers: {
    type: "gauge",
    labels: { ...pool, status: ["online", "offline"] },
    help: "Workers registered with the server.",
    how: "POST /api/work_pools/NAME/workers/filter, of declared pools; a worker that died is online for a minute and a half",
  },
  sails_prefect_worker_last_heartbeat_timestamp_seconds: {
    type: "gauge",
    labels: { unit: "any", pool: "any" },
    help: "Unix time of the last heartbeat of a worker that the daemon runs.",
    how: "last_heartbeat_time of the worker that has our name",
  },
  sails_prefect_work_queue_last_polled_timestamp_seconds: {
    type: "gauge",
    labels: queue,
    help: "Unix time at which the queue was last polled; absent before the first poll.",
    how: "POST /api/work_queues/filter; the first two hundred",
  },
  sails_prefect_work_queue_paused: {
    type: "gauge",
    labels: queue,
    help: "Whether the queue is paused.",
    how: "is_paused",
  },
  sails_prefect_flow_runs: {
    type: "gauge",
    labels: { ...pool, state: ["scheduled", "late", "pending", "running", "paused", "cancelling"] },
    help: "Flow runs that have not ended.",
    how: "POST /api/flow_runs/history, of declared pools; late ones are not counted as scheduled",
  },
  sails_prefect_flow_runs_finished_total: {
    type: "counter",
    labels: { ...pool, state: ["completed", "failed", "crashed", "cancelled"] },
    help: "Flow runs that ended since the supervisor started.",
    how: "POST /api/flow_runs/history over closed windows of the end, of declared pools; one that is written more than 30 s after its end is missed, and of Prefect 3.6 one that crashed before it began",
  },
  sails_prefect_oldest_late_flow_run_timestamp_seconds: {
    type: "gauge",
    labels: pool,
    help: "Expected start of the oldest late flow run; absent when none is late.",
    how: "POST /api/flow_runs/filter, limit 1",
  },
  sails_collector_success: {
    type: "gauge",
    labels: collector,
    help: "Whether the last collection succeeded.",
    how: "event; collected every 30 s, volumes every five minutes, while somebody scrapes",
  },
  sails_collector_duration_seconds: {
    type: "gauge",
    labels: collector,
    help: "Duration of the last collection.",
    how: "event",
  },
  sails_collector_last_success_timestamp_seconds: {
    type: "gauge",
    labels: collector,
    help: "Unix time of the last successful collection; absent before the first.",
    how: "event; what was collected goes when that is 90 s ago, of volumes after 15 minutes",
  },
  sails_collector_failures_total: {
    type: "counter",
    labels: { ...collector, reason },
    help: "Collections that failed.",
    how: "event",
  },
  sails_collector_dropped_series: {
    type: "gauge",
    labels: collector,
    help: "Series left out of the last collection because of the cardinality limit.",
    how: "event; of more than a hundred pools or two hundred queues",
  },
} as const satisfies Families;
