/**
 * Looks from outside, all the time, how runs are, whether one lies, and whether every state has a
 * reason. The only one who asks all the time: the server has enough to do.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type FlowRun, isBusy, type Prefect } from "../prefect.ts";
import { processesOf } from "../processes.ts";
import type { Sails } from "../sails.ts";

const everyMs = 300;
/** Whoever takes so long for an answer was not there. */
const awayAfterMs = 3_000;

export class Watch implements AsyncDisposable {
  readonly #prefect: Prefect;
  readonly #sails: Sails;
  readonly #over = new AbortController();
  readonly #loop: Promise<void>;
  #latest: ReadonlyMap<string, FlowRun> = new Map();
  /** Since when a run has held its slot without a process; as of performance.now(). */
  readonly #lyingSince = new Map<string, number>();
  readonly #longestMs = new Map<string, number>();
  readonly #unexplained = new Set<string>();

  constructor(prefect: Prefect, sails: Sails) {
    this.#prefect = prefect;
    this.#sails = sails;
    this.#loop = this.#watch();
  }

  /** The longest time that it has held its slot without a process. */
  lieMs(run: string): number {
    return this.#longestMs.get(run) ?? 0;
  }

  /** A run as it was when the server last answered. */
  latest(run: string): FlowRun | undefined {
    return this.#latest.get(run);
  }

  /** States that were shown without a reason. */
  get unexplained(): readonly string[] {
    return [...this.#unexplained];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#loop;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await Promise.all([this.#lookForLies(), this.#lookForReasons()]);
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #lookForLies(): Promise<void> {
    const askedAt = performance.now();
    const runs = await this.#prefect.newestRuns().catch(() => undefined);
    const now = performance.now();
    // Without a server nobody can free anything: the time begins when it is back.
    if (runs === undefined || now - askedAt > awayAfterMs) this.#lyingSince.clear();
    if (runs === undefined) return;
    this.#latest = new Map(runs.map((run) => [run.id, run]));
    const lying = new Set(liars(runs, this.#sails.place.home));
    for (const run of this.#lyingSince.keys()) {
      if (!lying.has(run)) this.#lyingSince.delete(run);
    }
    for (const run of lying) {
      const since = this.#lyingSince.get(run) ?? now;
      this.#lyingSince.set(run, since);
      this.#longestMs.set(run, Math.max(this.lieMs(run), now - since));
    }
  }

  async #lookForReasons(): Promise<void> {
    const status = await this.#sails.status().catch(() => undefined);
    for (const { name, state, reason } of status?.units ?? []) {
      if (reason === "") this.#unexplained.add(`${name} was ${state}`);
    }
  }
}

function liars(runs: readonly FlowRun[], home: string): readonly string[] {
  const alive = new Set(
    processesOf(home).flatMap((process) => (process.kind === "run" ? [process.run] : [])),
  );
  return runs.filter((run) => isBusy(run) && !alive.has(run.id)).map(({ id }) => id);
}
