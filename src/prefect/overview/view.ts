/** How an installation of Prefect does, as its API shows it. */
import type { WorkPool } from "../api/client.ts";
import type { QueueState, RunCounts } from "../api/overview.ts";

export interface PrefectView {
  readonly pools: readonly PoolView[];
  readonly queues: readonly QueueView[];
  /** Of the workers that are units of ours, those that Prefect knows. */
  readonly workers: readonly {
    readonly unit: string;
    readonly pool: string;
    readonly lastHeartbeat: Date;
  }[];
  /** Undefined until it is known of any deployment. */
  readonly stalledSchedules: number | undefined;
}

export interface PoolView {
  readonly name: string;
  readonly type: string;
  readonly status: "ready" | "not_ready" | "paused";
  readonly isPaused: boolean;
  readonly limit: number | undefined;
  readonly activeSlots: number | undefined;
  /** What follows is known of declared pools only. */
  readonly runs: RunCounts["live"] | undefined;
  readonly workers: { readonly online: number; readonly offline: number } | undefined;
  readonly oldestLate: Date | undefined;
}

interface QueueView {
  readonly pool: string;
  readonly name: string;
  readonly isPaused: boolean;
  readonly lastPolled: Date | undefined;
}

/** What was learnt of one declared pool. */
export interface PoolDetails {
  readonly runs: RunCounts["live"];
  readonly workers: readonly WorkerRow[];
  readonly oldestLate: Date | undefined;
}

interface WorkerRow {
  readonly name: string;
  readonly status: string;
  readonly last_heartbeat_time: Date | null;
}

export function poolView(pool: WorkPool, details: PoolDetails | undefined): PoolView {
  const { name, type, is_paused: isPaused, concurrency_limit: limit } = pool;
  const runs = details?.runs;
  const taken = runs === undefined ? undefined : runs.pending + runs.running;
  return {
    name,
    type,
    status: statusOf(pool),
    isPaused,
    limit: limit ?? undefined,
    activeSlots: limit === null ? undefined : (pool.active_slots ?? taken),
    runs,
    workers: details === undefined ? undefined : countWorkers(details.workers),
    oldestLate: details?.oldestLate,
  };
}

export const queueView = (queue: QueueState): QueueView => ({
  pool: queue.work_pool_name ?? "",
  name: queue.name,
  isPaused: queue.is_paused,
  lastPolled: queue.last_polled ?? undefined,
});

function statusOf({ status, is_paused: isPaused }: WorkPool): PoolView["status"] {
  if (isPaused || status === "PAUSED") return "paused";
  return status === "READY" ? "ready" : "not_ready";
}

function countWorkers(rows: readonly WorkerRow[]): NonNullable<PoolView["workers"]> {
  const online = rows.filter(({ status }) => status === "ONLINE").length;
  return { online, offline: rows.length - online };
}
