/** Puts the metrics together: what the daemon is handed to observe with, and what answers a scrape. */
import type { Registry } from "prom-client";
import type { Millis } from "../supervision/time.ts";
import type { Observer } from "../supervision/unit-view.ts";
import { CheckMetrics } from "./check-metrics.ts";
import { type Build, DaemonMetrics } from "./daemon-metrics.ts";
import {
  EnvironmentMetrics,
  type EnvironmentSnapshot,
  noEnvironment,
} from "./environment-metrics.ts";
import { JobMetrics, type JobsSnapshot, noJobs } from "./job-metrics.ts";
import { PoolSeries } from "./pool-series.ts";
import { PrefectMetrics } from "./prefect-metrics.ts";
import { type Collected, nothingCollected } from "./prefect-snapshot.ts";
import { type LookAtProcesses, ProcessSampler } from "./process-sampler.ts";
import { ReconcileMetrics } from "./reconcile-metrics.ts";
import { MetricRegistry } from "./registry.ts";
import { RunCollector } from "./run-collector.ts";
import { RunMetrics } from "./run-metrics.ts";
import { noRuns, type RunsSnapshot } from "./runs-snapshot.ts";
import { steadyWall } from "./steady-wall.ts";
import { UnitCollector, type UnitSnapshot } from "./unit-collector.ts";
import { type AdoptionFailure, UnitMetrics } from "./unit-metrics.ts";
import { type DeclaredUnit, UnitSeries } from "./unit-series.ts";

export interface MetricsDeps {
  /** With the metrics of the process in it, or empty. */
  readonly client: Registry;
  readonly build: Build;
  /** Monotonic. */
  readonly now: () => Millis;
  readonly toWallSeconds: (at: Millis) => number;
  readonly units: () => readonly UnitSnapshot[];
  readonly lookAtProcesses: LookAtProcesses;
  /** Without it nothing is told of flow runs. */
  readonly runs?: () => RunsSnapshot;
  /** Without it nothing is told of jobs. */
  readonly jobs?: () => JobsSnapshot;
  /** Without it nothing is told of environments. */
  readonly environment?: () => EnvironmentSnapshot;
  /** Without it nothing is told of Prefect's state. */
  readonly collected?: () => Collected;
  /** Called at each scrape: somebody wants to know. */
  readonly scraped?: () => void;
  /** Whether the kernel has just killed somebody for memory; without it nobody is believed to have been. */
  readonly outOfMemory?: () => boolean;
  /** The verdict of /readyz. */
  readonly isReady: () => boolean;
}

export interface Metrics {
  readonly observer: Observer;
  readonly daemon: DaemonMetrics;
  readonly runs: RunMetrics;
  readonly checks: CheckMetrics;
  readonly jobs: JobMetrics;
  readonly reconcile: ReconcileMetrics;
  readonly environment: EnvironmentMetrics;
  readonly prefect: PrefectMetrics;
  /** A worker has been replaced and its flow runs live; in seconds, from the end of its intake to the readiness of the next. */
  readonly hotRestarted: (unit: string, took: number) => void;
  /** Of a process that an earlier daemon recorded for the unit. */
  readonly notAdopted: (unit: string, why: AdoptionFailure) => void;
  /** To be called with all units, before the first of them starts. */
  readonly declare: (units: readonly DeclaredUnit[]) => void;
  /** Prometheus' text format 0.0.4. Scrapes at the same time get the same answer. */
  readonly render: () => Promise<string>;
}

export function createMetrics(deps: MetricsDeps): Metrics {
  const { units, now, runs = () => noRuns, jobs = () => noJobs } = deps;
  const registry = new MetricRegistry(deps.client);
  const series = new UnitSeries(registry);
  const daemon = new DaemonMetrics(registry, deps.build);
  const toWallSeconds = steadyWall(deps.toWallSeconds);
  const sampler = new ProcessSampler(deps.lookAtProcesses);
  const collector = new UnitCollector({
    registry,
    series,
    toWallSeconds,
    sampleOf: (view) => sampler.of(view),
  });
  const unitMetrics = new UnitMetrics({
    registry,
    series,
    toWallSeconds,
    outOfMemory: deps.outOfMemory ?? (() => false),
  });
  const pools = new PoolSeries(registry, () => runs().pools.map(({ name }) => name));
  const runCollector = new RunCollector({ registry, series: pools, toWallSeconds });

  const jobMetrics = new JobMetrics(registry, jobs);
  const look = deps.environment ?? (() => noEnvironment);
  const collected = deps.collected ?? (() => nothingCollected);
  const prefectMetrics = new PrefectMetrics(registry, pools, collected);
  const environmentMetrics = new EnvironmentMetrics(registry, look);

  async function scrape(): Promise<string> {
    deps.scraped?.();
    const views = units().map(({ view }) => view);
    await sampler.refresh(views, now());
    collector.collect(units(), now());
    runCollector.collect(runs());
    jobMetrics.collect();
    environmentMetrics.collect();
    prefectMetrics.collect();
    daemon.setReady(deps.isReady());
    return registry.render();
  }

  let underWay: Promise<string> | undefined;
  return {
    observer: unitMetrics,
    daemon,
    runs: new RunMetrics(registry, pools),
    checks: new CheckMetrics(registry),
    jobs: jobMetrics,
    reconcile: new ReconcileMetrics(registry),
    environment: environmentMetrics,
    prefect: prefectMetrics,
    hotRestarted: (unit, took) => unitMetrics.hotRestarted(unit, took),
    notAdopted: (unit, why) => unitMetrics.notAdopted(unit, why),
    declare: (declared) => series.declare(declared),
    render: () => {
      underWay ??= scrape().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
  };
}
