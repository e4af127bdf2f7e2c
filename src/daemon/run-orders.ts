/** What operators order of flow runs and pools. */
import type { Config, PoolConfig } from "../config/config.ts";
import type {
  CancelResult,
  DrainTimeout,
  PoolOrderResult,
  RecoverResult,
} from "../control/control-plane.ts";
import type { RunStatus } from "../control/status.ts";
import type { Answer } from "../prefect/api/transport.ts";
import { ms } from "../supervision/time.ts";
import type { RunKeeper } from "./run-keeper.ts";
import { actionNames } from "./run-narrator.ts";
import { runStatuses } from "./run-status.ts";

const orderTimeoutMs = 30_000;
const settlingTimeoutMs = 60_000;

export class RunOrders {
  readonly #keeper: RunKeeper;
  readonly #config: () => Config;

  constructor(keeper: RunKeeper, config: () => Config) {
    this.#keeper = keeper;
    this.#config = config;
  }

  list(): readonly RunStatus[] {
    return runStatuses(this.#keeper.runs);
  }

  async cancel(wanted: string): Promise<CancelResult> {
    const runs = this.list();
    const exact = runs.filter(({ id, name }) => id === wanted || name === wanted);
    const found = exact.length > 0 ? exact : runs.filter(({ id }) => id.startsWith(wanted));
    const [run, second] = found;
    if (run === undefined) return { kind: "unknown-run", run: wanted };
    if (second !== undefined) {
      return { kind: "ambiguous", runs: found.map(({ id, name, pool }) => ({ id, name, pool })) };
    }
    return this.#keeper.cancel(run.id, AbortSignal.timeout(orderTimeoutMs));
  }

  async recover(): Promise<RecoverResult> {
    const signal = AbortSignal.timeout(settlingTimeoutMs);
    const { isWhole, settled } = await this.#keeper.settleAll(signal);
    if (!isWhole) {
      const why = `Prefect's API did not answer within ${settlingTimeoutMs / 1000} s, so that not all runs could be looked at`;
      return { kind: "failed", why };
    }
    return {
      kind: "done",
      settled: settled.map(({ run, action, why }) => ({
        run: run.id,
        name: run.name ?? null,
        pool: run.pool,
        action: actionNames[action],
        why,
      })),
    };
  }

  drain(pools: readonly string[], timeout: DrainTimeout): Promise<PoolOrderResult> {
    return this.#ofEach(pools, (pool, signal) =>
      this.#keeper.drain(pool, timeout === null ? pool.drainTimeout : ms(timeout), signal),
    );
  }

  resume(pools: readonly string[]): Promise<PoolOrderResult> {
    return this.#ofEach(pools, ({ name }, signal) => this.#keeper.resume(name, signal));
  }

  async #ofEach(
    names: readonly string[],
    order: (pool: PoolConfig, signal: AbortSignal) => Promise<Answer<unknown>>,
  ): Promise<PoolOrderResult> {
    const { pools } = this.#config();
    const known = pools.map(({ name }) => name);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) return { kind: "unknown-pool", name: unknown, known };
    const signal = AbortSignal.timeout(orderTimeoutMs);
    const ordered = pools.filter(({ name }) => names.includes(name));
    const answers = await Promise.all(ordered.map((pool) => order(pool, signal)));
    const failed = answers.find(({ kind }) => kind !== "ok");
    return failed === undefined || failed.kind === "ok"
      ? { kind: "done", pools: names }
      : { kind: "failed", why: failed.why };
  }
}
