/**
 * Looks after the flow runs of this host, over all reloads: guards them, keeps pools from taking new
 * ones while a worker is replaced or a pool is drained, and brings them to an end when all stops.
 */
import type { Config, PoolConfig } from "../config/config.ts";
import type { PrefectApi } from "../prefect/api/client.ts";
import type { FlowRunApi } from "../prefect/api/flow-runs.ts";
import type { Answer } from "../prefect/api/transport.ts";
import { settledCondition } from "../prefect/installation.ts";
import type { RunProcesses } from "../prefect/ports.ts";
import type { Closure } from "../prefect/runs/closure.ts";
import type { LivingWorker } from "../prefect/runs/facts.ts";
import { RunGuard, type SettleReport } from "../prefect/runs/guard.ts";
import type { GuardObserver, RunRegistryView } from "../prefect/runs/guard-ports.ts";
import { type Closures, Intake } from "../prefect/runs/intake.ts";
import type { LivingRun, LivingRuns } from "../prefect/runs/living-runs.ts";
import { type Entangled, type Quiesced, quiesce } from "../prefect/runs/quiesce.ts";
import { type GuardedRun } from "../prefect/runs/snapshot.ts";
import { unrecordedRuns } from "../prefect/runs/unrecorded.ts";
import type { Clock } from "../supervision/ports.ts";
import { formatSpan, type Millis, minutes, ms, seconds } from "../supervision/time.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import { RepeatingTask, type TaskOutcome } from "./repeating-task.ts";

export interface RunKeeperDeps {
  readonly clock: Clock;
  readonly wallClock: () => Date;
  readonly host: { readonly name: string; readonly bootedAt: Date };
  readonly registry: RunRegistryView;
  readonly processes: RunProcesses;
  /** Those of this host that live now. */
  readonly workers: () => readonly LivingWorker[];
  readonly closures: () => Closures;
  readonly keepClosures: (closures: Closures) => Promise<void>;
  readonly observer: GuardObserver;
  /** All runs have been looked at. */
  readonly swept: () => void;
  /** @param took in seconds, from the end of the intake to the readiness of the next worker */
  readonly hotRestarted: (unit: string, took: number) => void;
  readonly log: (level: "info" | "warn", message: string) => void;
  readonly setCondition: (name: string, blocker: Blocker | undefined) => void;
}

export type RunApi = FlowRunApi & Pick<PrefectApi, "pools" | "updatePool" | "workers">;

/** A flow that is asked to end reports so itself within a second, unless it holds the signal up. */
const terminationPatience = seconds(30);
/** For the runs that did not say so themselves. */
const settlingPatience = seconds(20);
/** Where no run was cut short; a server that is away may never come. */
const idleSettlingPatience = seconds(5);
/** After a second signal to the daemon. */
const hurriedPatience = seconds(1);
const hurriedSettlingMs = 5_000;
/** While all stops, for a server that does not answer. */
const closingPatienceMs = 10_000;

export class RunKeeper implements Disposable {
  readonly #deps: RunKeeperDeps;
  readonly #current: RunApi;
  readonly #guard: RunGuard;
  readonly #intake: Intake;
  readonly #settling: RepeatingTask;
  /** Workers that are being replaced, by pool. */
  readonly #replacing = new Map<string, Set<string>>();
  /** Since when a worker takes nothing new, until the next one is ready. */
  readonly #replacedSince = new Map<string, Millis>();
  #pools: readonly PoolConfig[] = [];
  #api: RunApi | undefined;
  #isStarted = false;

  constructor(deps: RunKeeperDeps) {
    this.#deps = deps;
    const { closures, wallClock, keepClosures, clock } = deps;
    const api = (this.#current = delegating(() => this.#api));
    this.#intake = new Intake({ api, closures, keep: keepClosures, now: wallClock });
    this.#guard = new RunGuard({
      ...deps,
      api,
      observer: {
        ...deps.observer,
        swept: (why) => {
          deps.swept();
          deps.observer.swept(why);
        },
      },
      pools: () =>
        this.#pools.map(({ name, onCrash, maxReschedules, strays }) => ({
          name,
          policy: { onCrash, maxReschedules },
          strays,
        })),
    });
    this.#settling = new RepeatingTask(clock, minutes(30), (signal) => this.#settle(signal));
  }

  /** @param api undefined where there is no Prefect to look after */
  configure({ pools }: Config, api: RunApi | undefined): void {
    this.#api = api;
    this.#pools = pools.filter(({ type }) => type === "process");
    if (this.#isStarted || api === undefined || this.#pools.length === 0) return;
    this.#isStarted = true;
    this.#deps.setCondition(settledCondition, {
      kind: "dependency",
      why: "the flow runs of before are not settled yet",
    });
  }

  /** Of the first time on, all runs are looked at again and again. */
  serverIsReady(): void {
    if (!this.#isStarted) return;
    this.#guard.serverIsReady();
    this.#settling.request();
  }

  runEnded(run: Parameters<RunGuard["runEnded"]>[0]): void {
    this.#guard.runEnded(run);
  }

  workerEnded(pool: string, unit: string): void {
    if (this.#isStarted) this.#guard.workerEnded();
    const replaced = this.#replacing.get(pool);
    if (replaced?.delete(unit) !== true || replaced.size > 0) return;
    void this.#open(pool, "hot-restart");
  }

  workerIsReady(unit: string): void {
    const since = this.#replacedSince.get(unit);
    if (since === undefined) return;
    this.#replacedSince.delete(unit);
    this.#deps.hotRestarted(unit, (this.#deps.clock.now() - since) / 1000);
  }

  get runs(): readonly GuardedRun[] {
    return this.#guard.runs;
  }

  get unsettled(): ReadonlyMap<string, number> {
    return this.#guard.unsettled;
  }

  /** Who else has reasons to close a pool does it by this, so that one reason does not end another. */
  get intake(): Intake {
    return this.#intake;
  }

  closureOf(pool: string): Closure | undefined {
    return this.#deps.closures()[pool];
  }

  /** Resolves when the worker can be killed and no run notices. */
  async quiesce(pool: PoolConfig, unit: string, signal: AbortSignal): Promise<void> {
    if (pool.type !== "process") return;
    const units = this.#replacing.get(pool.name) ?? new Set();
    this.#replacing.set(pool.name, units.add(unit));
    this.#replacedSince.set(unit, this.#deps.clock.now());
    const quiesced = await quiesce(
      {
        clock: this.#deps.clock,
        close: (each) => this.#intake.close(pool.name, "hot-restart", each),
        entangled: (each) => this.#entangled(pool.name, each),
        drainTimeout: pool.drainTimeout,
        waiting: (runs) => {
          if (runs.length > 0) this.#deps.log("info", `${unit}: waits for ${told(runs)}`);
        },
      },
      signal,
    );
    const trouble = troubleOf(quiesced);
    if (trouble !== undefined) this.#deps.log("warn", `${unit}: ${trouble}`);
  }

  cancel(id: string, signal: AbortSignal): ReturnType<RunGuard["cancel"]> {
    return this.#guard.cancel(id, signal);
  }

  settleAll(signal: AbortSignal): Promise<SettleReport> {
    return this.#guard.settleAll(signal);
  }

  /** Resolves when the pool takes no more runs, and each that it has taken has its process. */
  async drain(pool: PoolConfig, timeout: Millis, signal: AbortSignal): Promise<Answer<undefined>> {
    const deadline = new Date(this.#deps.wallClock().getTime() + timeout);
    const closed = await this.#intake.close(pool.name, "drain", signal, deadline);
    if (closed.kind === "ok") {
      await this.#settleClaims(pool.name, () => Promise.resolve(closed), signal);
    }
    return closed;
  }

  resume(pool: string, signal: AbortSignal): Promise<Answer<undefined>> {
    return this.#intake.open(pool, "drain", signal);
  }

  /** How long `stop` may take. */
  get stopPatience(): Millis {
    const longest = Math.max(0, ...this.#pools.map(({ stopTimeout }) => stopTimeout));
    return ms(2 * closingPatienceMs + longest + terminationPatience + settlingPatience);
  }

  /** No new runs; those that run get the time of their pool, then SIGTERM; all that can be is settled. */
  async stop(hurry: AbortSignal): Promise<void> {
    if (!this.#isStarted) return;
    await Promise.all(this.#pools.map((pool) => this.#close(pool, hurry)));
    const asking = AbortSignal.any([hurry, AbortSignal.timeout(closingPatienceMs)]);
    const names = this.#pools.map(({ name }) => name);
    const living = await this.#guard.living(names, asking);
    await Promise.all(this.#pools.map((pool) => this.#awaitEnd(pool, living, hurry)));
    const cut = living.in();
    if (cut.length > 0) {
      const what = `cuts short ${counted(cut)}, which Prefect will show as Crashed`;
      this.#deps.log("info", `${what}: ${this.#namesOf(cut)}`);
    }
    await living.terminate(terminationPatience, hurry);
    await this.#settleWithin(cut.length > 0 ? settlingPatience : idleSettlingPatience, hurry);
    if (!hurry.aborted) return;
    const late = AbortSignal.timeout(hurriedSettlingMs);
    await living.terminate(hurriedPatience, late);
    await this.#guard.settleAll(late);
  }

  async #settleWithin(patience: Millis, hurry: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([hurry, AbortSignal.timeout(patience)]);
    const { isWhole } = await this.#guard.settleAll(signal);
    if (isWhole || hurry.aborted) return;
    const why = "Prefect's API does not answer";
    this.#deps.log("warn", `the end of flow runs is told to Prefect at the next start: ${why}`);
  }

  [Symbol.dispose](): void {
    this.#settling[Symbol.dispose]();
    this.#guard[Symbol.dispose]();
  }

  async #settle(signal: AbortSignal): Promise<TaskOutcome> {
    const again: TaskOutcome = { kind: "retry-in", span: seconds(5) };
    const recovered = await this.#intake.recover(signal);
    if (recovered.kind !== "ok") return again;
    const { isWhole } = await this.#guard.settleAll(signal);
    if (!isWhole) return again;
    this.#deps.setCondition(settledCondition, undefined);
    return { kind: "settled" };
  }

  /** Resolves when each run that was claimed has its process, or there is nobody to tell. */
  async #close({ name }: PoolConfig, hurry: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([hurry, AbortSignal.timeout(closingPatienceMs)]);
    await this.#settleClaims(name, (each) => this.#intake.close(name, "stop", each), signal);
  }

  #settleClaims(
    pool: string,
    close: (signal: AbortSignal) => Promise<Answer<undefined>>,
    signal: AbortSignal,
  ): Promise<Quiesced> {
    const entangled = (each: AbortSignal) => this.#entangled(pool, each);
    const waiting = (): undefined => undefined;
    const { clock } = this.#deps;
    return quiesce({ clock, close, entangled, drainTimeout: ms(0), waiting }, signal);
  }

  async #open(pool: string, reason: "hot-restart"): Promise<void> {
    const opened = await this.#intake.open(pool, reason, AbortSignal.timeout(closingPatienceMs));
    if (opened.kind === "ok") return;
    const why = `pool ${pool} takes no new runs until the server answers`;
    this.#deps.log("warn", `${why}: ${opened.why}`);
  }

  async #entangled(pool: string, signal: AbortSignal): Promise<Answer<readonly Entangled[]>> {
    const unrecorded = await unrecordedRuns({ ...this.#deps, api: this.#current }, [pool], signal);
    if (unrecorded.kind !== "ok") return unrecorded;
    const value = unrecorded.value.flatMap(({ run, process }): readonly Entangled[] => {
      const { name, state } = run;
      if (state.type === "PENDING") return [{ name, kind: "claimed" }];
      return process === undefined ? [] : [{ name, kind: "attached" }];
    });
    return { kind: "ok", value };
  }

  async #awaitEnd(
    { name, stopTimeout }: PoolConfig,
    living: LivingRuns,
    hurry: AbortSignal,
  ): Promise<void> {
    const runs = living.in([name]);
    if (runs.length === 0 || stopTimeout === 0) return;
    const limit = `${formatSpan(stopTimeout)} to come to their end (stop_timeout)`;
    const what = `gives ${counted(runs)} of pool ${name} ${limit}`;
    this.#deps.log("info", `${what}: ${this.#namesOf(runs)}`);
    await living.ended([name], stopTimeout, hurry);
  }

  #namesOf(runs: readonly LivingRun[]): string {
    const names = new Map(this.#guard.runs.map(({ id, name }) => [id, name]));
    return listed(runs.map(({ id }) => names.get(id) ?? id));
  }
}

const counted = ({ length }: readonly LivingRun[]): string =>
  length === 1 ? "1 flow run" : `${length} flow runs`;

const told = (runs: readonly Entangled[]): string => listed(runs.map(({ name }) => name));

function listed(names: readonly string[]): string {
  const first = names.slice(0, 3);
  const more = names.length > first.length ? ` and ${names.length - first.length} more` : "";
  return `${first.join(", ")}${more}`;
}

function troubleOf(quiesced: Quiesced): string | undefined {
  switch (quiesced.kind) {
    case "quiet":
    case "cut-short":
      return undefined;
    case "server-away":
      return `is replaced without closing its pool, for the server does not answer: ${quiesced.why}`;
    case "gave-up":
      return `is replaced although ${told(quiesced.on)} may be cut short by it: the time is over`;
    default:
      return quiesced satisfies never;
  }
}

/** The server that is asked may be another one after a reload. */
function delegating(api: () => RunApi | undefined): RunApi {
  const none = Promise.resolve(noPrefect);
  return {
    pools: (signal) => api()?.pools(signal) ?? none,
    updatePool: (...words) => api()?.updatePool(...words) ?? none,
    workers: (...words) => api()?.workers(...words) ?? none,
    liveRuns: (...words) => api()?.liveRuns(...words) ?? none,
    recentCrashes: (...words) => api()?.recentCrashes(...words) ?? none,
    run: (...words) => api()?.run(...words) ?? none,
    stateHistory: (...words) => api()?.stateHistory(...words) ?? none,
    errorsLogged: (...words) => api()?.errorsLogged(...words) ?? none,
    setState: (...words) => api()?.setState(...words) ?? none,
  };
}

const noPrefect = { kind: "unreachable", why: "there is no Prefect to ask" } as const;
