/** Keeps the Python environment in step with the project's lock: when it is looked at, by whose order, and how it is shown. */
import type { Config } from "../config/config.ts";
import type { EnvironmentOrderResult } from "../control/control-plane.ts";
import type { EnvironmentStatus, Problem } from "../control/status.ts";
import { explainError, type Failure } from "../prefect/environment/failure.ts";
import type { EnvironmentPlan } from "../prefect/environment/plan.ts";
import { type Millis, minutes, ms, seconds } from "../supervision/time.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import { DeclaredEnvironment, type RoundDeps, type RoundEnd } from "./environment-round.ts";
import { EnvironmentShelf, type ShelfDeps } from "./environment-shelf.ts";
import {
  type EnvironmentMode,
  type EnvironmentView,
  environmentBlocker,
  environmentProblems,
  environmentStatus,
} from "./environment-status.ts";
import { ProjectLock } from "./project-lock.ts";
import { RepeatingTask, type TaskOutcome } from "./repeating-task.ts";

export interface EnvironmentKeeperDeps extends RoundDeps, ShelfDeps {
  /** The status has changed. */
  readonly changed: (from: string, to: string, reason: string) => void;
}

interface Order {
  readonly kind: "sync" | "rollback";
  readonly resolve: (result: EnvironmentOrderResult) => void;
}

interface Turn {
  readonly declared: DeclaredEnvironment;
  readonly orders: readonly Order[];
  readonly signal: AbortSignal;
  warning: string | undefined;
}

/** Only the first answer counts. */
const answer = (orders: readonly Order[], result: EnvironmentOrderResult): void => {
  for (const { resolve } of orders) resolve(result);
};

/** For a look at sizes and times, over a mount that may be slow. */
const lookEvery = minutes(5);
const lookAgainSoon = minutes(1);
const firstRetry = seconds(30);
const longestRetry = minutes(10);
/** Downloads over a thin line, and packages that are compiled. */
const longestRound = minutes(3 * 60);

export class EnvironmentKeeper implements Disposable {
  readonly #deps: EnvironmentKeeperDeps;
  readonly #task: RepeatingTask;
  readonly #orders: Order[] = [];
  /** Undefined where nothing says which environment is used. */
  #shelf: EnvironmentShelf | undefined;
  /** Undefined where an environment is used as it is. */
  #declared: DeclaredEnvironment | undefined;
  #mode: EnvironmentMode = { kind: "as-is" };
  #since: Date;
  #failures = 0;
  /** What is under way is about something that is no more. */
  #isOther = false;

  constructor(deps: EnvironmentKeeperDeps) {
    this.#deps = deps;
    this.#since = deps.wallClock();
    this.#task = new RepeatingTask(deps.clock, longestRound, (signal) => this.#turn(signal));
  }

  /** Before the units of a configuration are declared: what they are started from must not move then. */
  async configure(config: Config): Promise<void> {
    this.#declare(config);
    if (this.#declared === undefined) return this.#become({ kind: "as-is" });
    if (this.#mode.kind === "as-is") this.#become({ kind: "looking" });
    const { shelf } = this.#declared;
    try {
      await shelf.takeOver();
    } catch (error) {
      this.#fail(explainError(error, shelf.path));
    }
    shelf.isDeclared();
  }

  /** Once its units are declared; after each reload, too. */
  start(): void {
    if (this.#declared === undefined) return;
    this.#failures = 0;
    if (this.#isOther) this.#task.restart();
    else this.#task.request();
    this.#isOther = false;
  }

  sync(): Promise<EnvironmentOrderResult> {
    return this.#order("sync");
  }

  /** What is being built is given up. */
  rollback(): Promise<EnvironmentOrderResult> {
    return this.#order("rollback");
  }

  /** What was kept or put off for it may have waited long enough. Others cost no look at the project. */
  runEnded(): void {
    const isAwaited = this.#mode.kind === "waiting" || this.#shelf?.holdsOld === true;
    if (isAwaited && this.#declared !== undefined && this.#mode.kind !== "building")
      this.#task.request();
  }

  get isOverdue(): boolean {
    return this.#task.isOverdue;
  }

  get status(): EnvironmentStatus | null {
    const view = this.#view;
    return view === undefined ? null : environmentStatus(view);
  }

  get problems(): readonly Problem[] {
    return environmentProblems(this.#mode, this.#declared?.lock.project);
  }

  /** Why nothing can be started from it: what is said in place of "is not there". */
  get blocker(): Blocker | undefined {
    if (this.#declared === undefined || this.#shelf?.current !== undefined) return undefined;
    return environmentBlocker(this.#mode, this.#declared.lock.project);
  }

  /** What differs now, by the last look. */
  get plan(): EnvironmentPlan {
    return this.#declared?.plan ?? { standing: "in-step", steps: [] };
  }

  get versions(): EnvironmentShelf["uses"] {
    return this.#shelf?.uses ?? [];
  }

  get lastSync(): Date | undefined {
    const at = this.#shelf?.remembered.lastSync;
    return at === undefined ? undefined : new Date(at);
  }

  /** Undefined as long as it is not known. */
  get isInStep(): boolean | undefined {
    if (this.#declared?.lock.known === undefined) return undefined;
    return this.#declared.plan.standing === "in-step";
  }

  [Symbol.dispose](): void {
    this.#task[Symbol.dispose]();
    for (const { resolve } of this.#orders.splice(0)) {
      resolve({ kind: "failed", why: "the daemon is ending", cure: null });
    }
  }

  get #view(): EnvironmentView | undefined {
    if (this.#shelf === undefined) return undefined;
    const { path, current, previous } = this.#shelf;
    const { project, known } = this.#declared?.lock ?? {};
    const [mode, since] = [this.#mode, this.#since];
    return { path, project, mode, since, current, previous, declaration: known?.declaration };
  }

  #declare(config: Config): void {
    const { project, path, python } = config.environment;
    const before = this.#declared;
    if (path === undefined) this.#shelf = undefined;
    else if (path !== this.#shelf?.path) this.#shelf = new EnvironmentShelf(path, this.#deps);
    if (project === undefined || this.#shelf === undefined) {
      this.#isOther ||= before !== undefined;
      this.#declared = undefined;
      return;
    }
    const isSame =
      before?.shelf === this.#shelf &&
      before.lock.project === project &&
      before.lock.python === python;
    if (isSame) {
      before.config = config;
      return;
    }
    this.#failures = 0;
    this.#isOther = true;
    const lock = new ProjectLock(project, python, this.#deps.reader);
    this.#declared = new DeclaredEnvironment(this.#shelf, lock, config, this.#deps);
  }

  #order(kind: Order["kind"]): Promise<EnvironmentOrderResult> {
    if (this.#declared === undefined) {
      const why = "environment.project is not set: the environment is used as it is";
      const cure = "set environment.project to the folder of the project";
      return Promise.resolve({ kind: "failed", why, cure });
    }
    const { promise, resolve } = Promise.withResolvers<EnvironmentOrderResult>();
    this.#orders.push({ kind, resolve });
    if (kind === "rollback") this.#task.restart();
    else this.#task.request();
    return promise;
  }

  async #turn(signal: AbortSignal): Promise<TaskOutcome> {
    const declared = this.#declared;
    const orders = this.#orders.splice(0);
    if (declared === undefined) return { kind: "settled" };
    const turn: Turn = { declared, orders, signal, warning: undefined };
    const end = await this.#perform(turn).catch(
      (error: unknown): RoundEnd => ({
        kind: "failed",
        failure: explainError(error, declared.shelf.path),
      }),
    );
    const span = this.#settle(end);
    answer(orders, this.#result(turn));
    return { kind: "retry-in", span };
  }

  async #perform(turn: Turn): Promise<RoundEnd> {
    const { declared, orders, signal } = turn;
    const isBack = orders.some(({ kind }) => kind === "rollback");
    if (isBack) {
      const back = await declared.goBack(signal);
      if (back.kind === "back") turn.warning = back.warning;
      else answer(orders, { kind: "failed", why: back.why, cure: back.cure });
    }
    const isOrdered = !isBack && orders.some(({ kind }) => kind === "sync");
    const progress = (doing: string): void => this.#become({ kind: "building", doing });
    return declared.round({ isOrdered, progress, signal });
  }

  #result({ signal, warning }: Turn): EnvironmentOrderResult {
    if (signal.aborted) {
      const why = "it was cut short by another order, or by a reload";
      return { kind: "failed", why, cure: null };
    }
    const mode = this.#mode;
    if (mode.kind === "failed") return { kind: "failed", ...mode.failure };
    const [problem] = this.problems;
    if (problem !== undefined) return { kind: "failed", why: problem.what, cure: problem.cure };
    const { status } = this;
    return status === null
      ? { kind: "failed", why: "no environment is configured", cure: null }
      : { kind: "done", environment: status, warning: warning ?? null };
  }

  /** @returns when to look again */
  #settle(end: RoundEnd): Millis {
    switch (end.kind) {
      case "cut-short":
        return lookAgainSoon;
      case "failed":
        return this.#fail(end.failure);
      case "hangs":
        this.#become({ kind: "hangs" });
        return lookAgainSoon;
      case "waiting":
        this.#become(end);
        return firstRetry;
      case "in-step":
      case "held":
        this.#failures = 0;
        this.#become({ kind: end.kind });
        return lookEvery;
      default:
        return end satisfies never;
    }
  }

  #fail(failure: Failure): Millis {
    const mode = this.#mode;
    const isNew = mode.kind !== "failed" || mode.failure.why !== failure.why;
    const span = ms(Math.min(longestRetry, firstRetry * 2 ** Math.min(this.#failures, 10)));
    this.#failures += 1;
    this.#deps.metrics().attempted(failure.reason);
    if (isNew) {
      const what = `the Python environment is not what is declared: ${failure.why}`;
      this.#deps.log("warn", `${what}. ${failure.cure}. What is in use stays as it is`);
    }
    const nextAt = new Date(this.#deps.wallClock().getTime() + span);
    this.#become({ kind: "failed", failure, nextAt });
    return span;
  }

  #become(mode: EnvironmentMode): void {
    const before = this.#mode;
    this.#mode = mode;
    if (before.kind !== mode.kind) this.#since = this.#deps.wallClock();
    if (JSON.stringify(before) === JSON.stringify(mode)) return;
    this.#deps.changed(before.kind, mode.kind, this.status?.reason ?? "");
  }
}
