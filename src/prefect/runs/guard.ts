/**
 * Watches over all flow runs of this host. Looks at a run when something has happened to it, and at
 * all of them every fifteen seconds, so that an event that was missed costs no more than that.
 */
import type { Cancel } from "../../supervision/ports.ts";
import { type Millis, minutes, ms, seconds } from "../../supervision/time.ts";
import { type FlowRun, liveTypes } from "../api/flow-runs.ts";
import type { RunProcess } from "../ports.ts";
import { Case } from "./case.ts";
import { type Read, understood } from "./fact-finder.ts";
import type { GuardDeps, Settlement } from "./guard-ports.ts";
import { inParallel } from "./in-parallel.ts";
import { LivingRuns } from "./living-runs.ts";
import { type Outcome, Settler } from "./settler.ts";
import { type GuardedRun, guardedRuns, unsettledPerPool } from "./snapshot.ts";
import { unrecordedRuns } from "./unrecorded.ts";

export const sweepEvery = seconds(15);
/** A worker that has missed its server says so within a minute of the server's return. */
const crashesEvery = seconds(30);
/** A run that waits for a free slot is due long before it begins. */
const crashesDueWithin = minutes(24 * 60);
const requestsAtOnce = 4;

export interface SettleReport {
  /** False if it was cut short. */
  readonly isWhole: boolean;
  readonly settled: readonly Settlement[];
}

export type CancelOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly why: string };

/** Somebody who waits until everything is settled that can be. */
interface Waiter {
  /** The sweep that it has asked for. */
  readonly sweep: number;
  readonly settled: Settlement[];
  readonly resolve: (isWhole: boolean) => void;
}

export class RunGuard implements Disposable {
  readonly #deps: GuardDeps;
  readonly #settler: Settler;
  readonly #cases = new Map<string, Case>();
  readonly #waiters = new Set<Waiter>();
  readonly #endings = new Set<() => void>();
  readonly #stop = new AbortController();
  readonly #wanted = new Set<string>();
  #sweepsWanted = 0;
  #sweepsBegun = 0;
  #sweepsDone = 0;
  #sweptAt: Millis | undefined;
  #crashesAskedAt: Millis | undefined;
  #isBusy = false;
  #cancelTimer: Cancel = () => undefined;

  constructor(deps: GuardDeps) {
    this.#deps = deps;
    this.#settler = new Settler(deps, (settlement) => {
      for (const { settled } of this.#waiters) settled.push(settlement);
    });
  }

  /** Once its pools and its server are known; it needs neither to answer yet. */
  start(): void {
    this.#requestSweep();
  }

  /** Our server answers again, or for the first time. */
  serverIsReady(): void {
    for (const each of this.#cases.values()) each.serverWasAway();
    this.#requestSweep();
  }

  /** What it had claimed, nobody will start. */
  workerEnded(): void {
    this.#requestSweep();
  }

  runEnded({ record }: RunProcess): void {
    for (const tell of this.#endings) tell();
    this.#request(record.flowRunId);
  }

  get runs(): readonly GuardedRun[] {
    return guardedRuns(this.#deps.registry.runs, this.#cases.values());
  }

  /** Runs whose process has gone and that still hold their slot, as far as is known. */
  get unsettled(): ReadonlyMap<string, number> {
    return unsettledPerPool(this.#deps.registry.runs, this.#cases.values());
  }

  /** Resolves when all that can be decided has been done; or, cut short by the signal, at once. */
  async settleAll(signal: AbortSignal): Promise<SettleReport> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter: Waiter = { sweep: this.#sweepsWanted + 1, settled: [], resolve };
    const giveUp = () => resolve(false);
    const cut = AbortSignal.any([signal, this.#stop.signal]);
    cut.addEventListener("abort", giveUp);
    this.#waiters.add(waiter);
    if (cut.aborted) giveUp();
    else this.#requestSweep();
    const isWhole = await promise;
    cut.removeEventListener("abort", giveUp);
    this.#waiters.delete(waiter);
    return { isWhole, settled: waiter.settled };
  }

  /** Asks Prefect to cancel it; whoever has it then carries that out, and we, if nobody does. */
  async cancel(id: string, signal: AbortSignal): Promise<CancelOutcome> {
    const state = { type: "CANCELLING", name: "Cancelling", message: "" } as const;
    const answer = await this.#deps.api.setState(id, state, signal);
    this.#request(id);
    if (answer.kind !== "ok") return { kind: "failed", why: answer.why };
    if (answer.value.kind === "accepted") return { kind: "done" };
    // One that nobody has begun is Cancelled at once, which Prefect calls a rejection.
    const isCancelled = answer.value.state?.type.startsWith("CANCEL") === true;
    return isCancelled ? { kind: "done" } : { kind: "failed", why: answer.value.why };
  }

  /** All that runs in these pools here; what has no record, as far as Prefect tells of it now. */
  async living(pools: readonly string[], signal: AbortSignal): Promise<LivingRuns> {
    const answer = await unrecordedRuns(this.#deps, pools, signal);
    const unrecorded = (answer.kind === "ok" ? answer.value : []).flatMap(({ run, process }) =>
      process === undefined ? [] : [{ ...process, id: run.id, pool: run.pool ?? "" }],
    );
    return new LivingRuns({ ...this.#deps, endings: this.#endings }, pools, unrecorded);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#cancelTimer();
  }

  #requestSweep(): void {
    this.#crashesAskedAt = undefined;
    this.#sweepsWanted += 1;
    void this.#work();
  }

  #request(id: string): void {
    this.#wanted.add(id);
    void this.#work();
  }

  /** One round at a time: a run is never looked at twice at once. */
  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#cancelTimer();
    while (this.#hasWork()) {
      const outcome = await this.#round();
      if (outcome.kind === "away") for (const each of this.#cases.values()) each.serverWasAway();
      this.#release();
    }
    this.#isBusy = false;
    this.#arm();
  }

  #hasWork(): boolean {
    if (this.#stop.signal.aborted) return false;
    return this.#wanted.size > 0 || this.#sweepsBegun < this.#sweepsWanted;
  }

  async #round(): Promise<Outcome> {
    const isSweep = this.#sweepsBegun < this.#sweepsWanted;
    if (!isSweep) return await this.#settle([...this.#wanted], new Map());
    const sweep = this.#sweepsWanted;
    this.#sweepsBegun = sweep;
    this.#sweptAt = this.#deps.clock.now();
    const outcome = await this.#sweep();
    if (this.#stop.signal.aborted) return outcome;
    if (outcome.kind === "done") this.#sweepsDone = sweep;
    this.#deps.observer.swept(outcome.kind === "away" ? outcome.why : undefined);
    return outcome;
  }

  async #sweep(): Promise<Outcome> {
    const { api, registry, pools } = this.#deps;
    registry.look();
    const recorded = registry.runs.map(({ record }) => record);
    const ours = pools().map(({ name }) => name);
    const names = new Set([...ours, ...recorded.map(({ pool }) => pool)]);
    const live = understood(await api.liveRuns([...names], this.#stop.signal), byId);
    if (live.kind !== "ok") return { kind: "away", why: live.why };
    const crashes = this.#areCrashesDue() ? await this.#crashes(ours) : undefined;
    if (crashes !== undefined && crashes.kind !== "ok") return { kind: "away", why: crashes.why };
    const listed = new Map([...live.value, ...(crashes?.value ?? [])]);
    const ids = new Set([...listed.keys(), ...recorded.map(({ flowRunId }) => flowRunId)]);
    for (const it of this.#cases.values()) {
      const isNotAskedFor = crashes === undefined && it.hasCrashed;
      if (!ids.has(it.id) && !isNotAskedFor) this.#cases.delete(it.id);
    }
    const unknown = [...ids].filter((id) => listed.has(id) || !this.#restsUntilListed(id));
    return await this.#settle(unknown, listed);
  }

  #areCrashesDue(): boolean {
    const at = this.#crashesAskedAt;
    return at === undefined || this.#deps.clock.now() >= at + crashesEvery;
  }

  async #crashes(pools: readonly string[]): Promise<Read<ReadonlyMap<string, FlowRun>>> {
    const { api, clock, wallClock } = this.#deps;
    this.#crashesAskedAt = clock.now();
    const since = new Date(wallClock().getTime() - crashesDueWithin);
    return understood(await api.recentCrashes(pools, since, this.#stop.signal), byId);
  }

  /** Its process lives, and its state is none of those that are listed: what changes that, lists it. */
  #restsUntilListed(id: string): boolean {
    const it = this.#cases.get(id);
    if (it?.decision?.kind !== "nothing" || it.run === undefined) return false;
    const lives = this.#deps.registry.runs.some(
      ({ kind, record }) => kind === "alive" && record.flowRunId === id,
    );
    return lives && (it.run === "deleted" || !liveTypes.includes(it.run.state.type));
  }

  async #settle(ids: readonly string[], listed: ReadonlyMap<string, FlowRun>): Promise<Outcome> {
    let outcome: Outcome = { kind: "done" };
    for (const id of ids) this.#wanted.delete(id);
    await inParallel(requestsAtOnce, ids, async (id) => {
      if (outcome.kind === "away") return;
      const it = this.#cases.get(id) ?? new Case(id);
      this.#cases.set(id, it);
      const own = await this.#settler.settle(it, listed.get(id), this.#stop.signal);
      if (own.kind === "away") outcome = own;
    });
    return outcome;
  }

  /** Whoever waits for what has been done by now. */
  #release(): void {
    const isAsked = this.#wanted.size > 0;
    const isAwaited = [...this.#cases.values()].some(
      ({ decision }) => decision?.kind === "wait" && decision.waitFor === "report",
    );
    if (isAsked || isAwaited) return;
    for (const { sweep, resolve } of this.#waiters) if (sweep <= this.#sweepsDone) resolve(true);
  }

  #arm(): void {
    if (this.#stop.signal.aborted) return;
    const dues = [...this.#cases.values()].flatMap(({ due }) => due ?? []);
    if (this.#sweptAt !== undefined) dues.push(ms(this.#sweptAt + sweepEvery));
    if (dues.length === 0) return;
    const span = ms(Math.max(0, Math.min(...dues) - this.#deps.clock.now()));
    this.#cancelTimer = this.#deps.clock.schedule(span, () => this.#tick());
  }

  #tick(): void {
    const now = this.#deps.clock.now();
    for (const { id, due } of this.#cases.values()) {
      if (due !== undefined && due <= now) this.#wanted.add(id);
    }
    if (this.#sweptAt !== undefined && now >= this.#sweptAt + sweepEvery) this.#sweepsWanted += 1;
    void this.#work();
  }
}

const byId = (runs: readonly FlowRun[]): ReadonlyMap<string, FlowRun> =>
  new Map(runs.map((run) => [run.id, run]));
