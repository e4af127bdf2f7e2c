/**
 * Keeps the Python environment in step with the project's lock: looks at it, builds beside, switches
 * by one rename, goes back when it is told to, and removes what nobody runs in any more.
 */
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { EnvironmentOrderResult } from "../control/control-plane.ts";
import type { EnvironmentStatus, EnvironmentUse, Problem } from "../control/status.ts";
import type { EnvironmentMetrics } from "../metrics/environment-metrics.ts";
import type { Capabilities } from "../prefect/capabilities.ts";
import { type Declaration, declarationOf } from "../prefect/environment/declaration.ts";
import { explainError, type Failure } from "../prefect/environment/failure.ts";
import { type EnvironmentPlan, planEnvironment } from "../prefect/environment/plan.ts";
import type { Place, VersionStore } from "../prefect/environment/ports.ts";
import {
  adoptedPrefix,
  removableVersions,
  type Version,
  versionsOf,
} from "../prefect/environment/versions.ts";
import type { Clock } from "../supervision/ports.ts";
import { type Millis, minutes, ms, seconds } from "../supervision/time.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import { EnvironmentMaker, type Known, type MakerDeps } from "./environment-maker.ts";
import { type EnvironmentMode, environmentStatus } from "./environment-status.ts";
import type { Memory } from "./memory.ts";
import { RepeatingTask, type TaskOutcome } from "./repeating-task.ts";

export interface EnvironmentKeeperDeps extends MakerDeps {
  readonly clock: Clock;
  readonly memory: Pick<Memory, "now" | "change">;
  readonly storeAt: (path: string) => VersionStore;
  /** Six hex digits that no other name ends with. */
  readonly suffix: () => string;
  /** Why PREFECT_HOME is not where it was: what lies beside it may be missing for the same reason. */
  readonly homeBlocker: (config: Config) => Promise<Blocker | undefined>;
  readonly foldersInUse: (folders: readonly string[]) => ReadonlySet<string>;
  /** The real paths of the environments that flow runs run in, one for each run. */
  readonly runsIn: () => readonly string[];
  readonly metrics: () => EnvironmentMetrics;
  readonly keepCapabilities: (program: string, found: Capabilities) => void;
  /** The link leads elsewhere: what is started from now on starts there, and what runs is replaced. */
  readonly switched: () => Promise<void>;
  /** The status has changed. */
  readonly changed: (from: string, to: string, reason: string) => void;
}

interface Order {
  readonly kind: "sync" | "rollback";
  readonly resolve: (result: EnvironmentOrderResult) => void;
}

interface Target {
  readonly project: string;
  readonly path: string;
  readonly python: string | undefined;
  readonly stateDir: string;
  readonly config: Config;
}

/** For a look at sizes and times, over a mount that may be slow. */
const lookEvery = minutes(5);
const lookAgainSoon = minutes(1);
const firstRetry = seconds(30);
const longestRetry = minutes(10);
/** Downloads over a thin line, and packages that are compiled. */
const longestRound = minutes(3 * 60);

export class EnvironmentKeeper implements Disposable {
  readonly #deps: EnvironmentKeeperDeps;
  readonly #maker: EnvironmentMaker;
  readonly #task: RepeatingTask;
  readonly #orders: Order[] = [];
  #target: Target | undefined;
  #path: string | undefined;
  #known: Known | undefined;
  #mode: EnvironmentMode = { kind: "as-is" };
  #since: Date;
  #place: Place = { kind: "absent" };
  #versions: readonly Version[] = [];
  #plan: EnvironmentPlan = { standing: "in-step", steps: [] };
  #failures = 0;
  /** What is under way is about something that is no more. */
  #isOther = false;
  /** What the units were declared with. */
  #inUse: string | undefined;

  constructor(deps: EnvironmentKeeperDeps) {
    this.#deps = deps;
    this.#maker = new EnvironmentMaker(deps);
    this.#since = deps.wallClock();
    this.#task = new RepeatingTask(deps.clock, longestRound, (signal) => this.#turn(signal));
  }

  /** Before the units of a configuration are declared: what they are started from must not move then. */
  async configure(config: Config): Promise<void> {
    const { stateDir } = config;
    const { project, path, python } = config.environment;
    const before = this.#target;
    this.#path = path;
    this.#target =
      project === undefined || path === undefined
        ? undefined
        : { project, path, python, stateDir, config };
    const isSame =
      before?.project === this.#target?.project &&
      before?.path === this.#target?.path &&
      before?.python === this.#target?.python;
    if (!isSame) {
      this.#known = undefined;
      this.#failures = 0;
      this.#isOther = true;
    }
    if (this.#target === undefined) return this.#become({ kind: "as-is" });
    if (this.#mode.kind === "as-is") this.#become({ kind: "looking" });
    const store = this.#deps.storeAt(this.#target.path);
    try {
      await store.heal();
      await this.#adopt(store);
      await this.#look(store);
    } catch (error) {
      this.#fail(explainError(error, this.#target.path));
    }
    this.#inUse = folderOf(this.#place);
  }

  /** Once its units are declared; after each reload, too. */
  start(): void {
    if (this.#target === undefined) return;
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

  /** One that was kept for it may not be needed any more. */
  runEnded(): void {
    const isOld = this.#versions.some(({ path }) => path !== this.#inUse);
    if (isOld && this.#target !== undefined && this.#mode.kind !== "building") this.#task.request();
  }

  get isOverdue(): boolean {
    return this.#task.isOverdue;
  }

  get status(): EnvironmentStatus | null {
    if (this.#path === undefined) return null;
    return environmentStatus({
      path: this.#path,
      project: this.#target?.project,
      mode: this.#mode,
      since: this.#since,
      current: this.#current,
      declaration: this.#known?.declaration,
      previous: this.#previous,
    });
  }

  get problems(): readonly Problem[] {
    const mode = this.#mode;
    if (mode.kind === "failed") {
      const { why, cure } = mode.failure;
      const what = `the Python environment is not what is declared: ${why}`;
      return [{ id: "environment", what, cure }];
    }
    if (mode.kind !== "hangs") return [];
    const what = `the project's folder ${this.#target?.project} does not answer: a new lock there is not seen`;
    return [{ id: "environment", what, cure: "Look at the mount that it lies on" }];
  }

  /** Why nothing can be started from it: what is said in place of "is not there". */
  get blocker(): Blocker | undefined {
    const mode = this.#mode;
    if (this.#target === undefined || this.#current !== undefined) return undefined;
    switch (mode.kind) {
      case "building":
        return { kind: "environment", why: `builds the Python environment: ${mode.doing}` };
      case "failed": {
        const { why, cure } = mode.failure;
        return { kind: "environment", why: `the Python environment is not there: ${why}`, cure };
      }
      case "hangs": {
        const why = `the Python environment is not there yet: ${this.#target.project} does not answer`;
        return { kind: "environment", why, cure: "Look at the mount that it lies on" };
      }
      case "looking":
        return { kind: "environment", why: `looks at ${this.#target.project}, to build from it` };
      case "as-is":
      case "waiting":
      case "in-step":
      case "held":
        return undefined;
      default:
        return mode satisfies never;
    }
  }

  /** What differs now, by the last look. */
  get plan(): EnvironmentPlan {
    return this.#plan;
  }

  /** Each environment, the newest first, and who uses it. */
  get versions(): readonly {
    readonly version: Version;
    readonly use: EnvironmentUse;
    readonly runs: number;
  }[] {
    const runs = this.#deps.runsIn();
    const [current, previous] = [this.#current?.name, this.#previous];
    return this.#versions
      .map((version) => {
        const count = runs.filter((path) => path === version.path).length;
        const use: EnvironmentUse =
          version.name === current
            ? "current"
            : count > 0
              ? "running"
              : version.name === previous
                ? "previous"
                : "spare";
        return { version, use, runs: count };
      })
      .toSorted((one, other) => other.version.builtAt.getTime() - one.version.builtAt.getTime());
  }

  get lastSync(): Date | undefined {
    const at = this.#remembered.lastSync;
    return at === undefined ? undefined : new Date(at);
  }

  /** Undefined as long as it is not known. */
  get isInStep(): boolean | undefined {
    return this.#known === undefined ? undefined : this.#plan.standing === "in-step";
  }

  [Symbol.dispose](): void {
    this.#task[Symbol.dispose]();
    for (const { resolve } of this.#orders.splice(0)) {
      resolve({ kind: "failed", why: "the daemon is ending", cure: null });
    }
  }

  get #current(): Version | undefined {
    const { kind } = this.#place;
    const name = kind === "link" ? this.#place.version : undefined;
    return this.#versions.find((version) => version.name === name);
  }

  get #remembered(): Memory["now"]["environment"] {
    const { environment } = this.#deps.memory.now;
    return environment.path === this.#path ? environment : {};
  }

  /** The name of a version, or where a link of somebody's led. */
  get #previous(): string | undefined {
    const { previous } = this.#remembered;
    return previous === this.#current?.name ? undefined : previous;
  }

  async #remember(change: Partial<Memory["now"]["environment"]>): Promise<void> {
    const environment = { ...this.#remembered, path: this.#path, ...change };
    await this.#deps.memory.change({ environment });
  }

  #order(kind: Order["kind"]): Promise<EnvironmentOrderResult> {
    if (this.#target === undefined) {
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
    const target = this.#target;
    const orders = this.#orders.splice(0);
    if (target === undefined) return { kind: "settled" };
    const store = this.#deps.storeAt(target.path);
    try {
      const isBack = orders.some(({ kind }) => kind === "rollback");
      const refusal = isBack ? await this.#goBack(store) : undefined;
      if (refusal !== undefined) {
        for (const { resolve } of orders) resolve(refusal);
      }
      const isOrdered = !isBack && orders.some(({ kind }) => kind === "sync");
      const span = await this.#round(target, store, isOrdered, signal);
      for (const { resolve } of orders) resolve(this.#result(signal));
      return { kind: "retry-in", span };
    } catch (error) {
      const span = this.#fail(explainError(error, target.path));
      for (const { resolve } of orders) resolve(this.#result(signal));
      return { kind: "retry-in", span };
    }
  }

  #result(signal: AbortSignal): EnvironmentOrderResult {
    const mode = this.#mode;
    if (signal.aborted) {
      return {
        kind: "failed",
        why: "it was cut short by another order, or by a reload",
        cure: null,
      };
    }
    if (mode.kind === "failed") return { kind: "failed", ...mode.failure };
    const [problem] = this.problems;
    if (problem !== undefined) return { kind: "failed", why: problem.what, cure: problem.cure };
    const { status } = this;
    return status === null
      ? { kind: "failed", why: "no environment is configured", cure: null }
      : { kind: "done", environment: status };
  }

  /** @returns when to look again */
  async #round(
    target: Target,
    store: VersionStore,
    isOrdered: boolean,
    signal: AbortSignal,
  ): Promise<Millis> {
    const isLost = await this.#isLost(target, store);
    if (isLost !== undefined) return this.#fail(isLost);
    const read = await this.#read(target, isOrdered);
    if (signal.aborted) return lookAgainSoon;
    await store.sweep();
    await this.#look(store);
    if (read === "hangs") {
      this.#become({ kind: "hangs" });
      return lookAgainSoon;
    }
    if (read !== "known") return this.#fail(read);
    const known = this.#known;
    if (known === undefined) return lookAgainSoon;
    await this.#settleHold(known.declaration, isOrdered);
    this.#plan = this.#planFor(known.declaration);
    if (this.#plan.standing === "differs") {
      const failure = await this.#converge(target, store, known, signal);
      if (signal.aborted) return lookAgainSoon;
      if (failure === "waits") return firstRetry;
      if (failure !== undefined) return this.#fail(failure);
    }
    await this.#followLink();
    await this.#clean(store);
    this.#failures = 0;
    this.#become({ kind: this.#plan.standing === "held" ? "held" : "in-step" });
    return lookEvery;
  }

  /** Built below the mount point of a volume that is away, it would be hidden by that volume. */
  async #isLost({ config }: Target, store: VersionStore): Promise<Failure | undefined> {
    if ((await store.place()).kind !== "absent") return undefined;
    const blocker = await this.#deps.homeBlocker(config);
    if (blocker === undefined) return undefined;
    const { why, cure } = blocker;
    return { reason: "other", why: `nothing is built: ${why}`, cure: cure ?? "Mount the volume" };
  }

  async #read(target: Target, isOrdered: boolean): Promise<"known" | "hangs" | Failure> {
    const fingerprint = isOrdered ? undefined : this.#known?.content.fingerprint;
    const read = await this.#deps.reader.read(target.project, fingerprint);
    switch (read.kind) {
      case "unchanged":
        return "known";
      case "hangs":
        return "hangs";
      case "failed":
        return {
          reason: "other",
          why: `the project cannot be read: ${read.why}`,
          cure: "Look at the folder, its rights and its mount, or correct environment.project",
        };
      case "read": {
        this.#known = undefined;
        const declared = declarationOf(read.content.texts, target.python);
        if (declared.kind === "faulty") {
          return { reason: "lock", why: declared.why, cure: declared.cure };
        }
        this.#known = { content: read.content, declaration: declared.declaration };
        return "known";
      }
      default:
        return read satisfies never;
    }
  }

  /** An order to sync ends it; what nobody knew when it began is known now. */
  async #settleHold({ inputs }: Declaration, isOrdered: boolean): Promise<void> {
    const { hold } = this.#remembered;
    if (hold === undefined) return;
    if (isOrdered) await this.#remember({ hold: undefined });
    else if (hold.inputs === null) await this.#remember({ hold: { inputs } });
  }

  #planFor(declaration: Declaration): EnvironmentPlan {
    const { hold } = this.#remembered;
    return planEnvironment({
      declaration,
      place: this.#place,
      versions: this.#versions,
      hold: hold === undefined || hold.inputs === null ? undefined : { inputs: hold.inputs },
      removable: [],
    });
  }

  async #converge(
    target: Target,
    store: VersionStore,
    known: Known,
    signal: AbortSignal,
  ): Promise<Failure | "waits" | undefined> {
    const began = this.#deps.clock.now();
    const { metrics } = this.#deps;
    const { project, path, stateDir } = target;
    const to = this.#plan.steps.find((step) => step.kind === "switch")?.to;
    const made = await this.#maker.make({
      ...{ project, stateDir, store, known, signal },
      versions: this.#versions,
      current: this.#current,
      there: this.#versions.find(({ name }) => name === to),
      progress: (doing) => this.#become({ kind: "building", doing }),
    });
    metrics().took((this.#deps.clock.now() - began) / 1000);
    if (signal.aborted) return undefined;
    if (made.kind === "failed") return made.failure;
    await this.#look(store);
    if (made.name !== this.#current?.name) {
      if (this.#mustWait(path)) return "waits";
      if (made.capabilities !== undefined) {
        const program = join(`${path}.versions`, made.name, "bin/prefect");
        this.#deps.keepCapabilities(program, made.capabilities);
      }
      await this.#switchTo(store, made.name, undefined);
      await this.#remember({ lastSync: this.#deps.wallClock().toISOString() });
    }
    metrics().attempted(undefined);
    this.#plan = { standing: "in-step", steps: [] };
    return undefined;
  }

  /**
   * Flow runs that began while a folder lay at the path itself look for what they import by that
   * path: they would get it from the new environment. Those that begin now do not.
   */
  #mustWait(path: string): boolean {
    const runs = this.#deps.runsIn().filter((folder) => folder === path).length;
    if (runs > 0) this.#become({ kind: "waiting", runs });
    return runs > 0;
  }

  async #goBack(store: VersionStore): Promise<EnvironmentOrderResult | undefined> {
    await this.#look(store);
    const to = this.#previous;
    const version = this.#versions.find(({ name }) => name === to);
    if (to === undefined || (version === undefined && !to.includes("/"))) {
      const why = "there is no environment of before that could be gone back to";
      const cure = "correct the project's lock, then `sails-supervisor env sync`";
      return { kind: "failed", why, cure };
    }
    const inputs = this.#known?.declaration.inputs ?? this.#current?.record?.inputs.at(-1) ?? null;
    await this.#switchTo(store, to, { inputs });
    await this.#followLink();
    return undefined;
  }

  async #switchTo(
    store: VersionStore,
    to: string,
    hold: { readonly inputs: string | null } | undefined,
  ): Promise<void> {
    const from =
      this.#place.kind === "link" ? (this.#place.version ?? this.#place.target) : undefined;
    await this.#remember({ previous: from, hold });
    await store.switchTo(to);
    await this.#look(store);
    const why = hold === undefined ? "it is what the lock says" : "an operator went back";
    this.#deps.log("info", `the Python environment is ${to} now: ${why}. Flow runs keep theirs`);
    await this.#followLink();
  }

  /** Whoever has changed the link. */
  async #followLink(): Promise<void> {
    const folder = folderOf(this.#place);
    if (folder === this.#inUse) return;
    this.#inUse = folder;
    await this.#deps.switched();
  }

  async #adopt(store: VersionStore): Promise<void> {
    const { kind } = await store.place();
    if (kind !== "folder") return;
    const name = `${adoptedPrefix}${this.#deps.suffix()}`;
    await store.adopt(name);
    const what = `the Python environment at ${this.#path} is kept as ${this.#path}.versions/${name}`;
    this.#deps.log("info", `${what}; ${this.#path} leads to it, until a new one is built`);
  }

  async #clean(store: VersionStore): Promise<void> {
    const needs = {
      versions: this.#versions,
      current: this.#current?.name,
      previous: this.#previous,
      inUse: new Set(this.#deps.runsIn()),
    };
    const candidates = removableVersions(needs).map(({ path }) => path);
    const inUse = new Set([...needs.inUse, ...this.#deps.foldersInUse(candidates)]);
    for (const { name, path } of removableVersions({ ...needs, inUse })) {
      await store.remove(path);
      this.#deps.log("info", `removed the Python environment ${name}: nothing runs in it any more`);
    }
    await this.#look(store);
  }

  async #look(store: VersionStore): Promise<void> {
    const [place, found] = await Promise.all([store.place(), store.found()]);
    this.#place = place;
    this.#versions = versionsOf(found);
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

/** What a link leads to, by which it is seen that it leads elsewhere. */
const folderOf = (place: Place): string | undefined =>
  place.kind === "link" ? (place.version ?? place.target) : undefined;
