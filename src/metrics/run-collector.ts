/** Sets, for a scrape, what flow runs and their pools are like at this moment, in one synchronous step. */
import type { Millis } from "../supervision/time.ts";
import type { CpuTimes } from "./cpu-account.ts";
import type { PoolSeries } from "./pool-series.ts";
import type { MetricRegistry } from "./registry.ts";
import { runFamilies } from "./run-families.ts";
import type {
  DeadRun,
  PoolSnapshot,
  RunSnapshot,
  RunsSnapshot,
  RunUsage,
} from "./runs-snapshot.ts";

export interface RunCollectorDeps {
  readonly registry: MetricRegistry;
  readonly series: PoolSeries;
  readonly toWallSeconds: (at: Millis) => number;
}

const attachments = runFamilies.sails_run_processes.labels.attachment;
const pauseReasons = runFamilies.sails_pool_paused_by_supervisor.labels.reason;
const none: CpuTimes = { userSeconds: 0, systemSeconds: 0 };

export class RunCollector {
  readonly #deps: RunCollectorDeps;
  /** What each run that lives had used when it was last looked at; undefined before the first look. */
  #used: ReadonlyMap<string, CpuTimes> | undefined;

  constructor(deps: RunCollectorDeps) {
    this.#deps = deps;
  }

  collect({ pools, runs, dead }: RunsSnapshot): void {
    this.#deps.series.declare(pools.map(({ name }) => name));
    const runsOf = Map.groupBy(runs, ({ pool }) => pool);
    const deadOf = Map.groupBy(dead, ({ pool }) => pool);
    for (const pool of pools) {
      this.#setPool(pool);
      this.#setRuns(pool.name, runsOf.get(pool.name) ?? []);
      this.#setDead(pool.name, deadOf.get(pool.name) ?? []);
    }
    const used = runs.map(
      ({ key, usage }) => [key, usage ?? this.#used?.get(key) ?? none] as const,
    );
    this.#used = new Map(used);
  }

  #setPool({ name: pool, pausedFor, drainDeadline }: PoolSnapshot): void {
    const { registry } = this.#deps;
    for (const reason of pauseReasons) {
      const isPaused = pausedFor.includes(reason) ? 1 : 0;
      registry.set("sails_pool_paused_by_supervisor", { pool, reason }, isPaused);
    }
    const deadline = drainDeadline === undefined ? undefined : drainDeadline.getTime() / 1000;
    registry.set("sails_pool_drain_deadline_timestamp_seconds", { pool }, deadline);
  }

  #setRuns(pool: string, runs: readonly RunSnapshot[]): void {
    const { registry } = this.#deps;
    for (const attachment of attachments) {
      const here = runs.filter((run) => run.attachment === attachment).length;
      registry.set("sails_run_processes", { pool, attachment }, here);
    }
    const oldest = least(runs.map(({ startedAt }) => startedAt.getTime() / 1000));
    registry.set("sails_run_oldest_start_time_seconds", { pool }, oldest);
    const resident = runs.reduce((sum, { usage }) => sum + (usage?.residentBytes ?? 0), 0);
    registry.set("sails_run_resident_memory_bytes", { pool }, resident);
    for (const { key, usage } of runs) {
      if (usage === undefined) continue;
      const { userSeconds, systemSeconds } = this.#spent(key, usage);
      registry.inc("sails_run_cpu_seconds_total", { pool, mode: "user" }, userSeconds);
      registry.inc("sails_run_cpu_seconds_total", { pool, mode: "system" }, systemSeconds);
    }
  }

  #spent(key: string, { userSeconds, systemSeconds }: RunUsage): CpuTimes {
    // What runs at the first look has used most of it under an earlier daemon, which has told of it.
    if (this.#used === undefined) return none;
    const before = this.#used.get(key) ?? none;
    // A sum over several processes falls when one of them ends; what is counted does not.
    return {
      userSeconds: Math.max(0, userSeconds - before.userSeconds),
      systemSeconds: Math.max(0, systemSeconds - before.systemSeconds),
    };
  }

  #setDead(pool: string, dead: readonly DeadRun[]): void {
    const { registry, toWallSeconds } = this.#deps;
    registry.set("sails_run_dead", { pool }, dead.length);
    const oldest = least(dead.map(({ since }) => toWallSeconds(since)));
    registry.set("sails_run_oldest_dead_timestamp_seconds", { pool }, oldest);
  }
}

const least = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : Math.min(...values);
