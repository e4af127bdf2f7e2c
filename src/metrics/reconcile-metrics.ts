/** Counts what is done to bring Prefect to what is declared. */
import type { Labels } from "./catalogue.ts";
import { reconcileKinds } from "./reconcile-families.ts";
import type { MetricRegistry } from "./registry.ts";

export type ReconcileKind = Labels<"sails_reconcile_steps_total">["kind"];
export type ReconcileFailure = Labels<"sails_reconcile_failures_total">["reason"];

export interface RoundFigures {
  readonly seconds: number;
  /** Unix time in seconds. */
  readonly at: number;
  readonly pending: readonly ReconcileKind[];
  readonly withheld: readonly ReconcileKind[];
}

export class ReconcileMetrics {
  readonly #registry: MetricRegistry;

  constructor(registry: MetricRegistry) {
    this.#registry = registry;
  }

  done(kind: ReconcileKind): void {
    this.#registry.inc("sails_reconcile_steps_total", { kind });
  }

  failed(kind: ReconcileKind, reason: ReconcileFailure): void {
    this.#registry.inc("sails_reconcile_failures_total", { kind, reason });
  }

  rounded({ seconds, at, pending, withheld }: RoundFigures): void {
    const registry = this.#registry;
    registry.inc("sails_reconciles_total", {});
    registry.set("sails_reconcile_duration_seconds", {}, seconds);
    for (const kind of reconcileKinds) {
      const times = (kinds: readonly ReconcileKind[]) => kinds.filter((one) => one === kind).length;
      registry.set("sails_reconcile_pending_steps", { kind }, times(pending));
      registry.set("sails_reconcile_withheld_steps", { kind }, times(withheld));
    }
    if (pending.length > 0) return;
    registry.set("sails_reconcile_last_convergence_timestamp_seconds", {}, at);
  }
}
