/** Sets, for a scrape, what units are like at this moment, in one synchronous step: no scrape sees half of it. */
import type { Description } from "../supervision/describe.ts";
import type { Millis } from "../supervision/time.ts";
import type { Phase, UnitState } from "../supervision/unit-state.ts";
import type { UnitView } from "../supervision/unit-view.ts";
import type { StateOf } from "./catalogue.ts";
import { CpuAccount } from "./cpu-account.ts";
import type { TakenSample } from "./process-sampler.ts";
import type { MetricRegistry } from "./registry.ts";
import type { KnownUnit, UnitSeries } from "./unit-series.ts";

export interface UnitSnapshot {
  readonly view: UnitView;
  readonly description: Description;
}

export interface UnitCollectorDeps {
  readonly registry: MetricRegistry;
  readonly series: UnitSeries;
  readonly toWallSeconds: (at: Millis) => number;
  readonly sampleOf: (view: UnitView) => TakenSample | undefined;
}

export class UnitCollector {
  readonly #deps: UnitCollectorDeps;
  readonly #cpu = new CpuAccount<KnownUnit>();

  constructor(deps: UnitCollectorDeps) {
    this.#deps = deps;
  }

  collect(snapshots: readonly UnitSnapshot[], now: Millis): void {
    const { series, sampleOf } = this.#deps;
    for (const { view, description } of snapshots) {
      const unit = series.get(view.spec.name);
      if (unit === undefined) continue;
      this.#setState(unit, view, description);
      this.#setRestarts(unit, view, description, now);
      this.#setProcess(unit, sampleOf(view));
    }
  }

  #setState({ labels }: KnownUnit, { state, pid }: UnitView, description: Description): void {
    const { registry, toWallSeconds } = this.#deps;
    const { phase, desired } = state;
    const isReady = phase.kind === "running" && phase.unready === undefined;
    const since = toWallSeconds(description.since);
    const spawnedAt = pid === undefined ? undefined : spawnOf(phase);
    const startTime = spawnedAt === undefined ? undefined : toWallSeconds(spawnedAt);
    registry.set("sails_unit_desired", labels, desired === "up" ? 1 : 0);
    registry.set("sails_unit_up", labels, pid === undefined ? 0 : 1);
    registry.set("sails_unit_ready", labels, isReady ? 1 : 0);
    registry.choose("sails_unit_state", labels, description.state);
    registry.choose("sails_unit_state_reason", labels, description.code);
    registry.set("sails_unit_state_last_change_timestamp_seconds", labels, since);
    registry.set("sails_unit_start_time_seconds", labels, startTime);
    const isAdopted = pid !== undefined && state.isAdopted;
    registry.set("sails_unit_adopted", labels, isAdopted ? 1 : 0);
  }

  #setRestarts(
    { labels }: KnownUnit,
    { spec, state }: UnitView,
    { startsAt }: Description,
    now: Millis,
  ): void {
    const { registry, toWallSeconds } = this.#deps;
    const { failures, deaths, breaker } = state.history;
    const windowStart = now - spec.rules.restart.breaker.interval;
    const recent = deaths.filter((at) => at > windowStart).length;
    const nextStart = startsAt === undefined ? undefined : toWallSeconds(startsAt);
    registry.set("sails_unit_consecutive_failures", labels, failures);
    registry.set("sails_unit_recent_deaths", labels, recent);
    registry.set("sails_unit_backoff_seconds", labels, backoffOf(state.phase));
    registry.set("sails_unit_next_start_timestamp_seconds", labels, nextStart);
    registry.choose("sails_unit_breaker_state", labels, breakerStates[breaker]);
  }

  #setProcess(unit: KnownUnit, sample: TakenSample | undefined): void {
    const { registry } = this.#deps;
    const { labels } = unit;
    registry.set("sails_unit_resident_memory_bytes", labels, sample?.residentBytes);
    registry.set("sails_unit_open_fds", labels, sample?.openFds);
    registry.set("sails_unit_max_fds", labels, sample?.maxFds);
    registry.set("sails_unit_processes", labels, sample?.processes);
    if (sample === undefined) return;
    const spent = this.#cpu.spend(unit, sample.spawn, sample);
    registry.inc("sails_unit_cpu_seconds_total", { ...labels, mode: "user" }, spent.userSeconds);
    registry.inc(
      "sails_unit_cpu_seconds_total",
      { ...labels, mode: "system" },
      spent.systemSeconds,
    );
  }
}

const breakerStates = {
  closed: "closed",
  open: "open",
  "half-open": "half_open",
} as const satisfies Record<UnitState["history"]["breaker"], StateOf<"sails_unit_breaker_state">>;

const backoffOf = (phase: Phase): number =>
  phase.kind === "backing-off" || phase.kind === "broken" ? (phase.until - phase.since) / 1000 : 0;

const spawnOf = (phase: Phase): Millis | undefined =>
  "spawnedAt" in phase ? phase.spawnedAt : undefined;
