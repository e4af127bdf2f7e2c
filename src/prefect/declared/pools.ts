/** Work pools: what is declared against what the server has, as steps. What is not declared is left alone. */
import type { PoolConfig } from "../../config/config.ts";
import type { PrefectApi, WorkPool } from "../api/client.ts";
import type { Answer } from "../api/transport.ts";

export type PoolStep =
  | { readonly kind: "create"; readonly pool: PoolConfig }
  | {
      readonly kind: "set-limit";
      readonly pool: PoolConfig;
      readonly from: number | null;
      readonly to: number;
    };

/** One of another type is nothing that a step could cure: a pool's type is for life. */
export interface PoolMismatch {
  readonly pool: PoolConfig;
  readonly actualType: string;
}

export interface PoolPlan {
  readonly steps: readonly PoolStep[];
  readonly mismatches: readonly PoolMismatch[];
}

export function planPools(declared: readonly PoolConfig[], actual: readonly WorkPool[]): PoolPlan {
  const byName = new Map(actual.map((pool) => [pool.name, pool]));
  const steps: PoolStep[] = [];
  const mismatches: PoolMismatch[] = [];
  for (const pool of declared) {
    const found = byName.get(pool.name);
    const limit = pool.concurrencyLimit;
    if (found === undefined) steps.push({ kind: "create", pool });
    else if (found.type !== pool.type) mismatches.push({ pool, actualType: found.type });
    else if (limit !== undefined && limit !== found.concurrency_limit) {
      steps.push({ kind: "set-limit", pool, from: found.concurrency_limit, to: limit });
    }
  }
  return { steps, mismatches };
}

export function performPoolStep(
  api: PrefectApi,
  step: PoolStep,
  signal: AbortSignal,
): Promise<Answer<unknown>> {
  switch (step.kind) {
    case "create": {
      const { name, type, concurrencyLimit } = step.pool;
      const limit = concurrencyLimit === undefined ? {} : { concurrency_limit: concurrencyLimit };
      return api.createPool({ name, type, ...limit }, signal);
    }
    case "set-limit":
      return api.updatePool(step.pool.name, { concurrency_limit: step.to }, signal);
    default:
      return step satisfies never;
  }
}
