/** Counts what happens to flow runs. */
import type { Labels } from "./catalogue.ts";
import type { PoolSeries } from "./pool-series.ts";
import type { MetricRegistry } from "./registry.ts";

export type RunEnd = Labels<"sails_run_exits_total">["reason"];
export type Recovery = Labels<"sails_run_recoveries_total">["action"];
export type RecoveryFailure = Labels<"sails_run_recovery_failures_total">["reason"];

export class RunMetrics {
  readonly #registry: MetricRegistry;
  readonly #series: PoolSeries;

  constructor(registry: MetricRegistry, series: PoolSeries) {
    this.#registry = registry;
    this.#series = series;
  }

  started(pool: string): void {
    if (this.#series.has(pool)) this.#registry.inc("sails_run_starts_total", { pool });
  }

  ended(pool: string, reason: RunEnd): void {
    if (!this.#series.has(pool)) return;
    this.#registry.inc("sails_run_exits_total", { pool, reason });
    if (reason === "oom") this.#registry.inc("sails_run_oom_kills_total", { pool });
  }

  /** @param seconds from the end of its process to the settled state */
  settled(pool: string, action: Recovery, seconds: number): void {
    if (!this.#series.has(pool)) return;
    this.#registry.inc("sails_run_recoveries_total", { pool, action });
    this.#registry.observe("sails_run_recovery_duration_seconds", { action }, seconds);
  }

  failed(pool: string, reason: RecoveryFailure): void {
    if (this.#series.has(pool))
      this.#registry.inc("sails_run_recovery_failures_total", { pool, reason });
  }
}
