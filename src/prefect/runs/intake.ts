/** Closes pools for new runs and opens them again, one change of a pool after the other. */
import type { PoolChange, PrefectApi } from "../api/client.ts";
import type { Answer } from "../api/transport.ts";
import {
  type Change,
  type ClosedFor,
  type Closure,
  close,
  endsWithDaemon,
  heed,
  open,
  restamp,
  review,
  type SeenPool,
  stampOf,
} from "./closure.ts";

export type Closures = Readonly<Record<string, Closure>>;

export interface IntakeDeps {
  readonly api: Pick<PrefectApi, "pools" | "updatePool">;
  readonly closures: () => Closures;
  /** Resolves once it would survive the daemon's death. */
  readonly keep: (closures: Closures) => Promise<void>;
  readonly now: () => Date;
}

export type IntakeAnswer = Answer<undefined>;

export class Intake {
  readonly #deps: IntakeDeps;
  /** What this daemon has closed, and not one before it. */
  readonly #own = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  close(
    pool: string,
    reason: ClosedFor,
    signal: AbortSignal,
    deadline?: Date,
  ): Promise<IntakeAnswer> {
    this.#own.add(`${reason} ${pool}`);
    const at = { now: this.#deps.now(), deadline };
    return this.#change(pool, signal, (before, seen) => close(before, seen, reason, at));
  }

  open(pool: string, reason: ClosedFor, signal: AbortSignal): Promise<IntakeAnswer> {
    this.#own.delete(`${reason} ${pool}`);
    return this.#change(pool, signal, (before, seen) => open(before, seen, reason));
  }

  /** Whether the pool is still as the reason wants it. Changes nothing that an operator did. */
  review(pool: string, reason: ClosedFor, signal: AbortSignal): Promise<IntakeAnswer> {
    const now = this.#deps.now();
    return this.#change(pool, signal, (before, seen) => review(before, seen, reason, now));
  }

  /**
   * A change of a pool that is ours: what an operator did before it is noted, and what it makes of the
   * pool is not taken for an operator's.
   */
  update(pool: string, change: PoolChange, signal: AbortSignal): Promise<Answer<unknown>> {
    return this.#next(async () => {
      const { api, closures } = this.#deps;
      if (closures()[pool] === undefined) return api.updatePool(pool, change, signal);
      const before = await this.#note(pool, heed, signal);
      if (before.kind !== "ok") return before;
      const answer = await api.updatePool(pool, change, signal);
      // Also where it failed: it may have been carried out, and only the answer was lost.
      await this.#note(pool, restamp, signal);
      return answer;
    });
  }

  /** Whether Prefect has it. */
  async isThere(pool: string, signal: AbortSignal): Promise<Answer<boolean>> {
    const pools = await this.#deps.api.pools(signal);
    if (pools.kind !== "ok") return pools;
    return { kind: "ok", value: pools.value.some(({ name }) => name === pool) };
  }

  /** Opens what a daemon that is no more has left closed, or this one could not open at the time. */
  async recover(signal: AbortSignal): Promise<IntakeAnswer> {
    for (const [pool, { reasons }] of Object.entries(this.#deps.closures())) {
      for (const reason of reasons) {
        if (!endsWithDaemon(reason) || this.#own.has(`${reason} ${pool}`)) continue;
        const answer = await this.open(pool, reason, signal);
        if (answer.kind !== "ok") return answer;
      }
    }
    return done;
  }

  #change(pool: string, signal: AbortSignal, plan: Plan): Promise<IntakeAnswer> {
    return this.#next(() => this.#perform(pool, signal, plan));
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const change = this.#last.then(act);
    this.#last = change.catch(() => undefined);
    return change;
  }

  async #note(pool: string, how: typeof heed, signal: AbortSignal): Promise<IntakeAnswer> {
    const { api, closures } = this.#deps;
    const pools = await api.pools(signal);
    if (pools.kind !== "ok") return pools;
    const found = pools.value.find(({ name }) => name === pool);
    const before = closures()[pool];
    if (found === undefined || before === undefined) return done;
    const closure = how(before, found);
    if (closure !== before) await this.#remember(pool, closure);
    return done;
  }

  async #perform(pool: string, signal: AbortSignal, plan: Plan): Promise<IntakeAnswer> {
    const { api, closures } = this.#deps;
    const pools = await api.pools(signal);
    if (pools.kind !== "ok") return pools;
    const found = pools.value.find(({ name }) => name === pool);
    const before = closures()[pool];
    const { closure, pause } = plan(before, found ?? { is_paused: false });
    // Before Prefect is told to pause: whoever finds the pause must know whose it is. After it is
    // told to go on: until then it is not true that nobody has closed it.
    if (closure !== undefined && closure !== before) await this.#remember(pool, closure);
    if (pause !== undefined && found !== undefined) {
      const told = await api.updatePool(pool, { is_paused: pause }, signal);
      if (told.kind !== "ok") return told;
      if (pause && closure !== undefined) await this.#confirm(pool, closure, signal);
    }
    if (closure === undefined && before !== undefined) await this.#remember(pool, undefined);
    return done;
  }

  /** From now on, what an operator does to the pool can be told from what we did. */
  async #confirm(pool: string, closure: Closure, signal: AbortSignal): Promise<void> {
    const pools = await this.#deps.api.pools(signal);
    const found = pools.kind === "ok" && pools.value.find(({ name }) => name === pool);
    const stamp = found && found.is_paused ? stampOf(found) : undefined;
    await this.#remember(pool, { ...closure, isToldOf: true, ...(stamp && { stamp }) });
  }

  async #remember(pool: string, closure: Closure | undefined): Promise<void> {
    const { [pool]: _, ...others } = this.#deps.closures();
    await this.#deps.keep(closure === undefined ? others : { ...others, [pool]: closure });
  }
}

type Plan = (before: Closure | undefined, pool: SeenPool) => Change;

const done: IntakeAnswer = { kind: "ok", value: undefined };
