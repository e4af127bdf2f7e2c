/** Counts what is asked of Prefect, and sets for a scrape what was told of it last. Asks nothing itself. */
import type { Labels } from "./catalogue.ts";
import type { PoolSeries } from "./pool-series.ts";
import type {
  Collected,
  EndState,
  PrefectSnapshot,
  VolumesSnapshot,
  WorkPoolSnapshot,
} from "./prefect-snapshot.ts";
import type { MetricRegistry } from "./registry.ts";
import { type Showing, ShownSeries } from "./shown-series.ts";

export type ProbeName = Labels<"sails_prefect_api_probes_total">["probe"];
export type PrefectFailure = Labels<"sails_prefect_api_probe_failures_total">["reason"];
export type Endpoint = Labels<"sails_prefect_api_requests_total">["endpoint"];
export type AnswerCode = Labels<"sails_prefect_api_requests_total">["code"];
export type CollectorName = Labels<"sails_collector_success">["collector"];

export interface CountedProbe {
  readonly probe: ProbeName;
  /** Undefined: it succeeded. */
  readonly failure: PrefectFailure | undefined;
  /** Undefined: it was not asked for its own sake. */
  readonly seconds: number | undefined;
  /** Unix time in seconds. */
  readonly at: number;
}

export interface CountedCollection {
  readonly collector: CollectorName;
  readonly failure: PrefectFailure | undefined;
  readonly seconds: number;
  readonly at: number;
  /** Series that were left out. */
  readonly dropped: number;
}

export class PrefectMetrics {
  readonly #registry: MetricRegistry;
  readonly #pools: PoolSeries;
  readonly #look: () => Collected;
  readonly #shown: ShownSeries;

  constructor(registry: MetricRegistry, pools: PoolSeries, look: () => Collected) {
    this.#registry = registry;
    this.#pools = pools;
    this.#look = look;
    this.#shown = new ShownSeries(registry);
  }

  probed({ probe, failure, seconds, at }: CountedProbe): void {
    const registry = this.#registry;
    registry.inc("sails_prefect_api_probes_total", { probe });
    if (seconds !== undefined) {
      registry.observe("sails_prefect_api_probe_duration_seconds", { probe }, seconds);
    }
    if (failure === undefined) {
      registry.set("sails_prefect_api_last_success_timestamp_seconds", { probe }, at);
    } else {
      registry.inc("sails_prefect_api_probe_failures_total", { probe, reason: failure });
    }
  }

  /** Undefined: there is no Prefect to look after. */
  up(api: boolean | undefined, database: boolean | undefined): void {
    const figure = (is: boolean | undefined) => (is === undefined ? undefined : Number(is));
    this.#registry.set("sails_prefect_up", {}, figure(api));
    this.#registry.set("sails_prefect_database_up", {}, figure(database));
  }

  asked(endpoint: Endpoint, code: AnswerCode, seconds: number): void {
    this.#registry.inc("sails_prefect_api_requests_total", { endpoint, code });
    this.#registry.observe("sails_prefect_api_request_duration_seconds", { endpoint }, seconds);
  }

  collected({ collector, failure, seconds, at, dropped }: CountedCollection): void {
    const registry = this.#registry;
    const labels = { collector };
    registry.set("sails_collector_success", labels, failure === undefined ? 1 : 0);
    registry.set("sails_collector_duration_seconds", labels, seconds);
    registry.set("sails_collector_dropped_series", labels, dropped);
    if (failure === undefined) {
      registry.set("sails_collector_last_success_timestamp_seconds", labels, at);
    } else {
      registry.inc("sails_collector_failures_total", { collector, reason: failure });
    }
  }

  finished(pool: string, state: EndState, count: number): void {
    if (!this.#pools.has(pool)) return;
    this.#registry.inc("sails_prefect_flow_runs_finished_total", { pool, state }, count);
  }

  collect(): void {
    const { prefect, volumes } = this.#look();
    this.#shown.replace((showing) => {
      if (prefect !== undefined) showPrefect(showing, prefect);
      if (volumes !== undefined) showVolumes(showing, volumes);
    });
  }
}

function showPrefect(
  showing: Showing,
  { version, pools, queues, workers, stalledSchedules }: PrefectSnapshot,
): void {
  if (version !== undefined) showing.set("sails_prefect_server_info", { version }, 1);
  showing.set("sails_prefect_stalled_schedules", {}, stalledSchedules);
  for (const pool of pools) showPool(showing, pool);
  for (const { pool, name: queue, isPaused, lastPolled } of queues) {
    showing.set("sails_prefect_work_queue_paused", { pool, queue }, Number(isPaused));
    const polled = unixTime(lastPolled);
    const family = "sails_prefect_work_queue_last_polled_timestamp_seconds";
    showing.set(family, { pool, queue }, polled);
  }
  for (const { unit, pool, lastHeartbeat } of workers) {
    const family = "sails_prefect_worker_last_heartbeat_timestamp_seconds";
    showing.set(family, { unit, pool }, unixTime(lastHeartbeat));
  }
}

function showPool(
  showing: Showing,
  { name: pool, type, status, isPaused, limit, activeSlots, runs, ...more }: WorkPoolSnapshot,
): void {
  showing.set("sails_prefect_work_pool_info", { pool, pool_type: type }, 1);
  showing.choose("sails_prefect_work_pool_status", { pool }, status);
  showing.set("sails_prefect_work_pool_paused", { pool }, Number(isPaused));
  showing.set("sails_prefect_work_pool_concurrency_limit", { pool }, limit);
  showing.set("sails_prefect_work_pool_active_slots", { pool }, activeSlots);
  for (const status_ of ["online", "offline"] as const) {
    showing.set("sails_prefect_workers", { pool, status: status_ }, more.workers?.[status_]);
  }
  for (const state of runStates) {
    showing.set("sails_prefect_flow_runs", { pool, state }, runs?.[state]);
  }
  const late = unixTime(more.oldestLate);
  showing.set("sails_prefect_oldest_late_flow_run_timestamp_seconds", { pool }, late);
}

const runStates = ["scheduled", "late", "pending", "running", "paused", "cancelling"] as const;

function showVolumes(showing: Showing, { volumes, database }: VolumesSnapshot): void {
  for (const { volume, size, free } of volumes) {
    showing.set("sails_volume_size_bytes", { volume }, size);
    showing.set("sails_volume_free_bytes", { volume }, free);
  }
  for (const file of ["main", "wal"] as const) {
    showing.set("sails_prefect_database_size_bytes", { file }, database[file]);
  }
}

const unixTime = (date: Date | undefined): number | undefined =>
  date === undefined ? undefined : date.getTime() / 1000;
