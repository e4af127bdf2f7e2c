/**
 * Keeps the Prefect installation of one configuration: finds its program, asks what it can do,
 * watches a server that is not ours, and brings pools and deployments to what is declared.
 */
import { readFile } from "node:fs/promises";
import type { Config, EnvironmentVariables } from "../config/config.ts";
import { createCanaryApi } from "../prefect/api/canary.ts";
import { createPrefectApi, type PrefectApi } from "../prefect/api/client.ts";
import { createDeclaredApi } from "../prefect/api/declared.ts";
import { createFlowRunApi, type FlowRunApi } from "../prefect/api/flow-runs.ts";
import { createHousekeepingApi, type HousekeepingApi } from "../prefect/api/housekeeping.ts";
import {
  advanceCanary,
  type CanaryContext,
  type CanaryState,
  canaryProblems,
  canaryVerdict,
  nextLookIn,
  noCanary,
  schedulerIsOff,
  serverReplaced,
} from "../prefect/canary.ts";
import { type CanaryEyes, lookAtServer } from "../prefect/canary-look.ts";
import { askCapabilities, type Capabilities } from "../prefect/capabilities.ts";
import { serverDatabase } from "../prefect/database/place.ts";
import { DatabaseGuard } from "../prefect/database-guard.ts";
import type { RemoteFiles } from "../prefect/declared/declared-files.ts";
import type { Ledger } from "../prefect/declared/ledger.ts";
import type { ReconcileApi } from "../prefect/declared/plan.ts";
import type { Difficulty, Step } from "../prefect/declared/steps.ts";
import {
  apiCondition,
  apiUrl,
  environmentCondition,
  workerName,
  workerUnit,
  workingDirectory,
} from "../prefect/installation.ts";
import { LatelyHeard } from "../prefect/overview/lately-heard.ts";
import type { Files, Machine, RunCommand } from "../prefect/ports.ts";
import { clientEnvironment, type RunLauncher } from "../prefect/process-environment.ts";
import { findProgram, type Program } from "../prefect/program.ts";
import { type InstallationParts, prefectUnits } from "../prefect/units.ts";
import type { Clock } from "../supervision/ports.ts";
import { type Millis, minutes, seconds } from "../supervision/time.ts";
import type { UnitSpec } from "../supervision/unit-spec.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import type { WatchedPrefect } from "./prefect-watch.ts";
import { type ReconcileMeter, Reconciler } from "./reconciler.ts";
import { RepeatingTask, type TaskOutcome } from "./repeating-task.ts";

export interface PrefectKeeperDeps {
  readonly clock: Clock;
  readonly machine: Machine;
  readonly files: Files;
  readonly runLauncher: RunLauncher;
  readonly serverLauncher: string;
  readonly quiesce: InstallationParts["quiesce"];
  readonly run: RunCommand;
  /** Files of the project. */
  readonly remote: RemoteFiles;
  readonly ledger: Ledger;
  /** Changes a pool that may be closed, without its being taken for an operator's doing. */
  readonly updatePool: PrefectApi["updatePool"];
  readonly meter: ReconcileMeter;
  /** The end of what the keeper before has under way. */
  readonly before: Promise<unknown>;
  /** The profile of people's shells, if it is not as declared. */
  readonly profileStep: () => Promise<Step | undefined>;
  readonly keepProfile: () => Promise<void>;
  readonly base: EnvironmentVariables;
  readonly log: (level: "info" | "warn", message: string) => void;
  readonly setCondition: (name: string, blocker: Blocker | undefined) => void;
  /** The units have to be declared again: more is known of them. */
  readonly unitsChanged: () => void;
  /** A server elsewhere answers again, or for the first time. */
  readonly apiIsThere: () => void;
  readonly capabilitiesOf: (program: string) => Capabilities | undefined;
  readonly keepCapabilities: (program: string, capabilities: Capabilities) => void;
  readonly whyNoEnvironment: () => Blocker | undefined;
  readonly healthPort: (unit: string) => number;
  readonly releasePort: () => Promise<void>;
  /** Resolves when no worker is about to become ready any more. */
  readonly workersStarted: (signal: AbortSignal) => Promise<void>;
  /** A round has been done: its difficulties may be others. */
  readonly changed: () => void;
}

const settled: TaskOutcome = { kind: "settled" };

export class PrefectKeeper implements Disposable {
  readonly config: Config;
  readonly housekeeping: HousekeepingApi;
  /** For whoever watches this Prefect. */
  readonly watched: WatchedPrefect;
  readonly #deps: PrefectKeeperDeps;
  readonly #api: ReconcileApi & FlowRunApi;
  readonly #database: DatabaseGuard;
  readonly #auth: string | undefined;
  #program: Program | undefined;
  readonly #tasks: Record<"environment" | "api" | "canary", RepeatingTask>;
  readonly #canaryApi: CanaryEyes["api"];
  #canary: CanaryState = noCanary;
  /** Ids of what is told of it. */
  #toldOf: readonly string[] = [];
  /** Before the first round there may have been none with a schedule to look at. */
  #hasLookedAtDeployments = false;
  readonly reconciler: Reconciler;
  #paused: ReadonlySet<string> = new Set();
  #changedAt: ReadonlyMap<string, string> = new Map();
  #isThere = false;
  #heardAt: Millis | undefined;

  private constructor(
    config: Config,
    deps: PrefectKeeperDeps,
    auth: string | undefined,
    program: Program | undefined,
  ) {
    this.config = config;
    this.#deps = deps;
    this.#auth = auth;
    this.#program = program;
    const heard = (): void => {
      this.#heardAt = deps.clock.now();
    };
    const transport = { url: apiUrl(config), auth, requestTimeoutMs: 10_000, heard };
    const lately = new LatelyHeard(() => deps.clock.now());
    this.watched = { transport, lately, declared: declaredPools(config, deps.machine.hostname) };
    this.#api = {
      ...this.#remembering(lately.listening(createPrefectApi(transport))),
      ...createDeclaredApi(transport),
      ...createFlowRunApi(transport),
    };
    this.housekeeping = createHousekeepingApi(transport);
    this.#canaryApi = {
      ...createCanaryApi(transport),
      deployments: (signal) => this.#api.deployments(signal),
    };
    this.#database = new DatabaseGuard(config, deps.files);
    const task = (limit: Millis, run: (signal: AbortSignal) => Promise<TaskOutcome>) =>
      new RepeatingTask(deps.clock, limit, run);
    this.#tasks = {
      environment: task(minutes(10), (signal) => this.#learn(signal)),
      api: task(minutes(5), (signal) => this.#watchApi(signal)),
      canary: task(minutes(10), (signal) => this.#lookAtServer(signal)),
    };
    this.reconciler = new Reconciler({
      ...deps,
      files: deps.remote,
      config,
      api: { ...this.#api, updatePool: deps.updatePool },
      client: () => ({ program: this.#program?.file ?? "prefect", env: this.environment }),
      changed: () => {
        deps.changed();
        if (!this.#hasLookedAtDeployments) this.#tasks.canary.request();
        this.#hasLookedAtDeployments = true;
      },
    });
  }

  static async open(config: Config, deps: PrefectKeeperDeps): Promise<PrefectKeeper> {
    const { authFile } = config.server;
    const auth = authFile === undefined ? undefined : (await readFile(authFile, "utf8")).trim();
    const program = await findProgram(config, deps.base["PATH"] ?? "", deps.machine);
    return new PrefectKeeper(config, deps, auth, program);
  }

  get api(): PrefectApi & FlowRunApi {
    return this.#api;
  }

  /** As Prefect said last, whoever asked it. */
  isPaused(pool: string): boolean {
    return this.#paused.has(pool);
  }

  /** A pool, as Prefect said last. */
  changedAt(pool: string): string | undefined {
    return this.#changedAt.get(pool);
  }

  get difficulties(): readonly Difficulty[] {
    const hidden = canaryProblems(this.#canary, this.#canaryContext, this.#deps.clock.now());
    return [...this.reconciler.difficulties, ...hidden];
  }

  /** Whether one whole round has been done since the server answered first. */
  get hasConverged(): boolean {
    return this.reconciler.hasConverged;
  }

  /** What it began and will not end: words for it. */
  get overdue(): readonly string[] {
    const tasks = { ...this.#tasks, converge: this.reconciler };
    return Object.entries(tasks).flatMap(([name, task]) =>
      task.isOverdue ? [`the task ${name}`] : [],
    );
  }

  units(): readonly UnitSpec[] {
    const parts: InstallationParts = {
      ...this.#sources(),
      config: this.config,
      machine: this.#deps.machine,
      runLauncher: this.#deps.runLauncher,
      serverLauncher: this.#deps.serverLauncher,
      quiesce: this.#deps.quiesce,
      database: this.#database,
      api: this.#api,
      program: this.#program?.file,
      whyNoEnvironment: this.#deps.whyNoEnvironment,
      capabilities: this.#capabilities(),
      healthPort: this.#deps.healthPort,
      hasJustAnswered: () =>
        this.#heardAt !== undefined && this.#deps.clock.now() - this.#heardAt < heardLately,
      releasePort: this.#deps.releasePort,
      now: () => this.#deps.clock.now(),
      canWrite: async (signal) => (await this.#canaryApi.write(signal)).kind === "ok",
      serverHides: () => canaryVerdict(this.#canary, this.#canaryContext, this.#deps.clock.now()),
    };
    return prefectUnits(parts);
  }

  /** Once its units are declared. */
  start(): void {
    if (this.config.pools.length > 0) this.#tasks.environment.request();
    if (this.config.prefect.apiUrl !== undefined) this.#tasks.api.request();
  }

  /** What is started from now on starts in another environment; what runs is replaced. */
  async environmentSwitched(): Promise<void> {
    const { base, machine, unitsChanged } = this.#deps;
    this.#program = await findProgram(this.config, base["PATH"] ?? "", machine);
    unitsChanged();
    if (this.config.pools.length > 0) this.#tasks.environment.restart();
  }

  /** Each time that our own server becomes ready. */
  serverIsReady(): void {
    this.reconciler.request();
    void this.#rememberDatabase();
    this.#canary = serverReplaced(this.#canary);
    this.#tasks.canary.request();
  }

  [Symbol.dispose](): void {
    for (const task of Object.values(this.#tasks)) task[Symbol.dispose]();
    this.reconciler[Symbol.dispose]();
  }

  /** Of its command line, and of what uses its API. */
  get environment(): EnvironmentVariables {
    return clientEnvironment(this.config, this.#sources());
  }

  /** After a restore: this is the database now. */
  acceptDatabase(): Promise<void> {
    return this.#database.accept();
  }

  /** Whether PREFECT_HOME is where it was: else nothing may be written to it. */
  async isAtHome(): Promise<boolean> {
    return (await this.#database.blocker()) === undefined;
  }

  #remembering(api: PrefectApi): PrefectApi {
    return {
      ...api,
      updatePool: async (name, change, signal) => {
        const answer = await api.updatePool(name, change, signal);
        if (answer.kind === "ok" && change.is_paused !== undefined) {
          const others = [...this.#paused].filter((pool) => pool !== name);
          this.#paused = new Set(change.is_paused ? [...others, name] : others);
        }
        return answer;
      },
      pools: async (signal) => {
        const answer = await api.pools(signal);
        if (answer.kind === "ok") {
          const paused = answer.value.filter(({ is_paused: isPaused }) => isPaused);
          this.#paused = new Set(paused.map(({ name }) => name));
          this.#changedAt = new Map(
            answer.value.flatMap(({ name, updated }) => (updated ? [[name, updated]] : [])),
          );
        }
        return answer;
      },
    };
  }

  async #rememberDatabase(): Promise<void> {
    try {
      await this.#database.remember();
    } catch (error) {
      const why = `it could not be noted which database is in use: ${String(error)}`;
      this.#deps.log("warn", `${why}. A volume that is missing at the next start may go unnoticed`);
    }
  }

  #sources() {
    const { base } = this.#deps;
    return { base, auth: this.#auth, binDirectory: this.#program?.binDirectory };
  }

  #capabilities(): Capabilities | undefined {
    return this.#program && this.#deps.capabilitiesOf(this.#program.file);
  }

  get #canaryContext(): CanaryContext {
    const { server, prefect } = this.config;
    return {
      isOurs: server.enabled,
      isSchedulerOff: server.enabled && schedulerIsOff(prefect.env),
    };
  }

  async #lookAtServer(signal: AbortSignal): Promise<TaskOutcome> {
    const { clock, machine, log, changed } = this.#deps;
    const database = serverDatabase(this.config);
    const file = database?.kind === "sqlite" ? `${database.file}-wal` : undefined;
    const look = await lookAtServer(
      {
        api: this.#canaryApi,
        now: () => new Date(),
        walBytes: async () => (file === undefined ? undefined : machine.bytesOf(file)),
      },
      signal,
    );
    if (signal.aborted) return settled;
    const told = (): readonly string[] =>
      canaryProblems(this.#canary, this.#canaryContext, clock.now()).map(({ id }) => id);
    const before = this.#toldOf;
    this.#canary = advanceCanary(this.#canary, look, clock.now());
    this.#toldOf = told();
    if (before.join() !== this.#toldOf.join()) {
      for (const { id, what } of this.difficulties) {
        if (this.#toldOf.includes(id) && !before.includes(id)) log("warn", what);
      }
      changed();
    }
    return { kind: "retry-in", span: nextLookIn(this.#canary) };
  }

  async #learn(signal: AbortSignal): Promise<TaskOutcome> {
    const { machine, run, setCondition, keepCapabilities, unitsChanged } = this.#deps;
    const program = this.#program?.file;
    // What is missing, the preflights of the units say; here, it is only waited for.
    if (program === undefined || this.#capabilities() !== undefined) {
      setCondition(environmentCondition, undefined);
      return settled;
    }
    const again: TaskOutcome = { kind: "retry-in", span: seconds(5) };
    if (!(await machine.isExecutable(program))) {
      const why = `${program} is not there or cannot be executed`;
      const cure = "Build the Python environment again, or set environment.path to where it is";
      const known = this.#deps.whyNoEnvironment();
      setCondition(environmentCondition, known ?? { kind: "environment", why, cure });
      return again;
    }
    const looking = `asks ${program} what it can do`;
    setCondition(environmentCondition, { kind: "environment", why: looking });
    const directory = workingDirectory(this.config);
    await machine.whyNotWritable(directory);
    const env = clientEnvironment(this.config, this.#sources());
    const asked = await askCapabilities(run, program, {
      env,
      directory,
      timeoutMs: 120_000,
      signal,
    });
    if (signal.aborted) return settled;
    if (asked.kind === "failed") {
      setCondition(environmentCondition, { kind: "environment", why: asked.why });
      return again;
    }
    keepCapabilities(program, asked.capabilities);
    unitsChanged();
    setCondition(environmentCondition, undefined);
    return settled;
  }

  /** A server elsewhere: nobody tells us when it comes and goes. */
  async #watchApi(signal: AbortSignal): Promise<TaskOutcome> {
    const answer = await this.#api.pools(signal);
    if (signal.aborted) return settled;
    const isThere = answer.kind === "ok";
    this.#deps.setCondition(
      apiCondition,
      isThere ? undefined : { kind: "dependency", why: answer.why },
    );
    if (isThere && !this.#isThere) {
      this.#deps.apiIsThere();
      this.reconciler.request();
      this.#tasks.canary.request();
    }
    this.#isThere = isThere;
    return { kind: "retry-in", span: seconds(10) };
  }
}

/** As often as somebody asks in any case. */
const heardLately = seconds(15);

const declaredPools = ({ pools }: Config, hostname: string): WatchedPrefect["declared"] =>
  pools.map(({ name, workers }) => ({
    name,
    workers: Array.from({ length: workers }, (_, index) => ({
      unit: workerUnit(name, index),
      name: workerName(hostname, name, index),
    })),
  }));
