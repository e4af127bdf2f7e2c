/** One installation of the product, and what a scene needs of it: runs in every situation. */
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, isThere, type ProcessIdentity } from "../../src/host/processes.ts";
import { type Entry, readLedger } from "../ledger.ts";
import type { Place, PoolPlan } from "../place.ts";
import { isBusy, isFinal, Prefect } from "../prefect.ts";
import { type PrefectProcess, processesOf } from "../processes.ts";
import { Sails } from "../sails.ts";
import { Watch } from "./watch.ts";

export interface RunFate {
  /** Prefect's name of the state; where it is not final, `Running for ever`. */
  readonly state: string;
  readonly message: string;
  /** How long it held its slot without a process, at the most. */
  readonly lieMs: number;
  /** How often its code has begun. */
  readonly starts: number;
}

const lookEveryMs = 100;
/** What is not final by then stays so. */
const fateWithinMs = 150_000;
/** Whoever crashed before its code began is Crashed for a while only. */
const putBackWithinMs = 60_000;

export class Arena implements AsyncDisposable {
  readonly place: Place;
  readonly sails: Sails;
  readonly prefect: Prefect;
  readonly watch: Watch;
  readonly #interruption: AbortController;
  #scanned: { at: number; processes: readonly PrefectProcess[] } = { at: -1_000, processes: [] };
  readonly #deployments = new Map<string, string>();
  #lastLaunch: Promise<unknown> = Promise.resolve();

  private constructor(sails: Sails, interruption: AbortController) {
    this.#interruption = interruption;
    this.place = sails.place;
    this.sails = sails;
    this.prefect = new Prefect(sails.apiUrl, interruption.signal);
    this.watch = new Watch(this.prefect, this.sails);
  }

  static async open(environment: string, pools: readonly PoolPlan[]): Promise<Arena> {
    const interruption = new AbortController();
    const options = { environment, pools, deployments: [], keep: false };
    // Each run that is waited for has to be claimed first.
    const variables = { PREFECT_WORKER_QUERY_SECONDS: "2" };
    const sails = await Sails.make(options, interruption.signal, variables);
    const arena = new Arena(sails, interruption);
    await sails.start();
    return arena;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch[Symbol.asyncDispose]();
    this.#interruption.abort(new Error("the arena is closed"));
    await this.sails[Symbol.asyncDispose]();
  }

  /** Makes a run of a flow in a pool; returns its id. */
  launch(flow: string, pool: string, parameters: object): Promise<string> {
    // One after the other: with several deployments at once, the server stops answering for good.
    const made = this.#lastLaunch.then(async () => {
      const deployment = await this.#deployment(flow, pool);
      return (await this.prefect.createRun(deployment, `${flow} in ${pool}`, parameters)).id;
    });
    this.#lastLaunch = made.catch(() => undefined);
    return made;
  }

  /** The process of a run; undefined if it has come to its end without having been seen. */
  async engine(run: string): Promise<PrefectProcess | undefined> {
    const found = await this.#until(async () => {
      const engine = this.#processes().find((each) => each.kind === "run" && each.run === run);
      const latest = this.watch.latest(run);
      return engine ?? (latest !== undefined && isFinal(latest) ? "ended" : undefined);
    });
    return found === "ended" ? undefined : found;
  }

  /** Resolves when a worker has claimed it, whether or not it has a process already. */
  async claimed(run: string): Promise<void> {
    await this.#until(async () => {
      const latest = this.watch.latest(run);
      return latest !== undefined && isBusy(latest) ? true : undefined;
    });
  }

  /** Resolves when a run has written that down itself. */
  noted(run: string, what: Entry["what"]): Promise<Entry> {
    return this.#until(async () => this.#notes(run, what)[0]);
  }

  /** As Prefect has it: it does not start such a run again. */
  async hasBegun(run: string): Promise<boolean> {
    return (await this.prefect.run(run)).run_count > 0;
  }

  /** Resolves with so many processes that a run has started. */
  async children(run: string, count: number): Promise<readonly ProcessIdentity[]> {
    const notes = await this.#until(async () => {
      const found = this.#notes(run, "child");
      return found.length < count ? undefined : found;
    });
    return notes.flatMap(({ child }) => (child === undefined ? [] : (identify(child) ?? [])));
  }

  /** The process of a pool's worker, other than `but`. */
  worker(pool: string, but?: ProcessIdentity): Promise<PrefectProcess> {
    return this.#process((each) => each.kind === "worker" && each.pool === pool, but);
  }

  server(but?: ProcessIdentity): Promise<PrefectProcess> {
    return this.#process(({ kind }) => kind === "server", but);
  }

  supervisor(but?: ProcessIdentity): Promise<ProcessIdentity> {
    return this.#until(async () => {
      const pid = this.sails.supervisorPid();
      return pid === undefined || pid === but?.pid ? undefined : identify(pid);
    });
  }

  async gone(process: ProcessIdentity): Promise<void> {
    await this.#until(async () => (isThere(process) ? undefined : true));
  }

  /** Resolves when the daemon says that the unit is ready, with this process. */
  async isReady(name: string, { pid }: ProcessIdentity): Promise<void> {
    await this.sails.until(({ units }) =>
      units.some((unit) => unit.name === name && unit.ready && unit.pid === pid),
    );
  }

  /** Lets a run come to its end. */
  async release(run: string): Promise<void> {
    await writeFile(`${this.place.ledger}.${run}`, "");
  }

  async fate(run: string): Promise<RunFate> {
    const limit = performance.now() + fateWithinMs;
    const crashesCount = performance.now() + putBackWithinMs;
    const seen = await this.#until(async () => {
      const latest = this.watch.latest(run);
      if (latest === undefined || performance.now() >= limit) return latest;
      const mayBePutBack = latest.state_type === "CRASHED" && latest.run_count === 0;
      const isOver = isFinal(latest) && !(mayBePutBack && performance.now() < crashesCount);
      return isOver ? latest : undefined;
    });
    return {
      state: isFinal(seen) ? seen.state_name : `${seen.state_name} for ever`,
      message: seen.state?.message ?? "",
      lieMs: this.watch.lieMs(run),
      starts: this.#notes(run, "start").length,
    };
  }

  async #deployment(flow: string, pool: string): Promise<string> {
    const key = `${flow}/${pool}`;
    const known = this.#deployments.get(key);
    if (known !== undefined) return known;
    const { project: directory, ledger } = this.place;
    const plan = { flow, pool, directory, parameters: { ledger } };
    const made = await this.prefect.createDeployment(plan);
    this.#deployments.set(key, made);
    return made;
  }

  #notes(run: string, what: Entry["what"]): readonly Entry[] {
    const entries = readLedger(this.place.ledger).get(run) ?? [];
    return entries.filter((entry) => entry.what === what);
  }

  /** As they were a moment ago: many look for theirs at once. */
  #processes(): readonly PrefectProcess[] {
    const now = performance.now();
    if (now - this.#scanned.at > lookEveryMs) {
      this.#scanned = { at: now, processes: processesOf(this.place.home) };
    }
    return this.#scanned.processes;
  }

  #process(
    is: (process: PrefectProcess) => boolean,
    but?: ProcessIdentity,
  ): Promise<PrefectProcess> {
    return this.#until(async () =>
      this.#processes().find((each) => is(each) && each.pid !== but?.pid),
    );
  }

  async #until<Found>(find: () => Promise<Found | undefined>): Promise<Found> {
    for (;;) {
      const found = await find();
      if (found !== undefined) return found;
      await sleep(lookEveryMs, undefined, { signal: this.#interruption.signal });
    }
  }
}
