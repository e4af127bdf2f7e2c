/**
 * Keeps the Prefect installation of one configuration: finds its program, asks what it can do,
 * watches a server that is not ours, and brings pools and deployments to what is declared.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config, EnvironmentVariables } from "../config/config.ts";
import { createPrefectApi, type PrefectApi } from "../prefect/api/client.ts";
import { createFlowRunApi, type FlowRunApi } from "../prefect/api/flow-runs.ts";
import { createHousekeepingApi, type HousekeepingApi } from "../prefect/api/housekeeping.ts";
import type { Answer } from "../prefect/api/transport.ts";
import { askCapabilities, type Capabilities } from "../prefect/capabilities.ts";
import { DatabaseGuard } from "../prefect/database-guard.ts";
import { converge, type Difficulty } from "../prefect/declared/converge.ts";
import { type Difference, findDifferences } from "../prefect/declared/differences.ts";
import { askDefaultTemplate } from "../prefect/declared/job-template.ts";
import {
  apiCondition,
  apiUrl,
  environmentCondition,
  workingDirectory,
} from "../prefect/installation.ts";
import type { Files, Machine, ReadRemote, RunCommand } from "../prefect/ports.ts";
import { clientEnvironment, type RunLauncher } from "../prefect/process-environment.ts";
import { findProgram, type Program } from "../prefect/program.ts";
import { type InstallationParts, prefectUnits } from "../prefect/units.ts";
import type { Clock } from "../supervision/ports.ts";
import { type Millis, minutes, seconds } from "../supervision/time.ts";
import type { UnitSpec } from "../supervision/unit-spec.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import { RepeatingTask, type TaskOutcome } from "./repeating-task.ts";

export interface PrefectKeeperDeps {
  readonly clock: Clock;
  readonly machine: Machine;
  readonly files: Files;
  readonly runLauncher: RunLauncher;
  readonly serverLauncher: string;
  readonly quiesce: InstallationParts["quiesce"];
  readonly run: RunCommand;
  readonly read: ReadRemote;
  readonly base: EnvironmentVariables;
  readonly log: (level: "info" | "warn", message: string) => void;
  readonly setCondition: (name: string, blocker: Blocker | undefined) => void;
  /** The units have to be declared again: more is known of them. */
  readonly unitsChanged: () => void;
  /** A server elsewhere answers again, or for the first time. */
  readonly apiIsThere: () => void;
  readonly capabilitiesOf: (program: string) => Capabilities | undefined;
  readonly keepCapabilities: (program: string, capabilities: Capabilities) => void;
  readonly healthPort: (unit: string) => number;
  readonly releasePort: () => Promise<void>;
  /** Resolves when no worker is about to become ready any more. */
  readonly workersStarted: (signal: AbortSignal) => Promise<void>;
  /** A round has been done: its difficulties may be others. */
  readonly changed: () => void;
}

const settled: TaskOutcome = { kind: "settled" };

/** What one round has done. */
export interface Applied {
  readonly steps: readonly string[];
  /** What could not be had. */
  readonly problems: readonly string[];
  /** Why it was cut short; undefined if it was not. */
  readonly why: string | undefined;
}

export class PrefectKeeper implements Disposable {
  readonly config: Config;
  readonly housekeeping: HousekeepingApi;
  readonly #deps: PrefectKeeperDeps;
  readonly #api: PrefectApi & FlowRunApi;
  readonly #database: DatabaseGuard;
  readonly #auth: string | undefined;
  readonly #program: Program | undefined;
  readonly #tasks: Record<"environment" | "api" | "converge", RepeatingTask>;
  #paused: ReadonlySet<string> = new Set();
  #changedAt: ReadonlyMap<string, string> = new Map();
  #difficulties: readonly Difficulty[] = [];
  #hasConverged = false;
  /** Nothing has happened since the last round that could change what came of it. */
  #isRoutine = false;
  /** Rounds that were ordered and have not begun. */
  readonly #ordered: { readonly steps: string[]; readonly resolve: (applied: Applied) => void }[] =
    [];
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
    this.#api = {
      ...this.#remembering(createPrefectApi(transport)),
      ...createFlowRunApi(transport),
    };
    this.housekeeping = createHousekeepingApi(transport);
    this.#database = new DatabaseGuard(config, deps.files);
    const task = (limit: Millis, run: (signal: AbortSignal) => Promise<TaskOutcome>) =>
      new RepeatingTask(deps.clock, limit, run);
    this.#tasks = {
      environment: task(minutes(10), (signal) => this.#learn(signal)),
      api: task(minutes(5), (signal) => this.#watchApi(signal)),
      // Hundreds of deployments, each of which may take half a minute.
      converge: task(minutes(6 * 60), (signal) => this.#converge(signal)),
    };
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
    return this.#difficulties;
  }

  /** Whether one whole round has been done since the server answered first. */
  get hasConverged(): boolean {
    return this.#hasConverged;
  }

  /** What it began and will not end: words for it. */
  get overdue(): readonly string[] {
    return Object.entries(this.#tasks).flatMap(([name, task]) =>
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
      capabilities: this.#capabilities(),
      healthPort: this.#deps.healthPort,
      hasJustAnswered: () =>
        this.#heardAt !== undefined && this.#deps.clock.now() - this.#heardAt < heardLately,
      releasePort: this.#deps.releasePort,
    };
    return prefectUnits(parts);
  }

  /** Once its units are declared. */
  start(): void {
    if (this.config.pools.length > 0) this.#tasks.environment.request();
    if (this.config.prefect.apiUrl !== undefined) this.#tasks.api.request();
  }

  /** Each time that our own server becomes ready. */
  serverIsReady(): void {
    this.#isRoutine = false;
    this.#tasks.converge.request();
    void this.#rememberDatabase();
  }

  [Symbol.dispose](): void {
    for (const { steps, resolve } of this.#ordered.splice(0)) {
      resolve({ steps, problems: [], why: replaced });
    }
    for (const task of Object.values(this.#tasks)) task[Symbol.dispose]();
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
      setCondition(environmentCondition, { kind: "environment", why, cure });
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
    if (isThere && !this.#isThere) this.#deps.apiIsThere();
    this.#isThere = isThere;
    if (isThere && !this.#hasConverged) this.#tasks.converge.request();
    return { kind: "retry-in", span: seconds(10) };
  }

  /** What differs from what is declared; nothing is changed. */
  differences(signal: AbortSignal): Promise<Answer<readonly Difference[]>> {
    return findDifferences(this.config, this.#api, this.#deps.read, signal);
  }

  /** Resolves when a round that began after this has come to its end. */
  apply(): Promise<Applied> {
    const { promise, resolve } = Promise.withResolvers<Applied>();
    this.#ordered.push({ steps: [], resolve });
    this.#tasks.converge.request();
    return promise;
  }

  async #converge(signal: AbortSignal): Promise<TaskOutcome> {
    const { run, setCondition } = this.#deps;
    const waiting = this.#ordered.splice(0);
    const log: PrefectKeeperDeps["log"] = (level, message) => {
      this.#deps.log(level, message);
      for (const { steps } of waiting) steps.push(message);
    };
    const program = this.#program?.file ?? "prefect";
    const env = clientEnvironment(this.config, this.#sources());
    const round = await converge({
      config: this.config,
      api: this.#api,
      deploying: { run, program, env },
      read: this.#deps.read,
      // Each try costs seconds of CPU, and only a correction changes what comes of it.
      known: waiting.length > 0 || !this.#isRoutine ? [] : this.#difficulties,
      setCondition,
      defaultTemplate: () =>
        askDefaultTemplate(run, join(dirname(program), "python"), {
          env,
          directory: workingDirectory(this.config),
          timeoutMs: 120_000,
          signal,
        }),
      workersStarted: this.#deps.workersStarted,
      log: (message) => log("info", message),
      signal,
    });
    const why = signal.aborted ? replaced : round.kind === "cut-short" ? round.why : undefined;
    for (const { steps, resolve } of waiting) {
      const problems = round.kind === "done" ? round.difficulties.map(({ what }) => what) : [];
      resolve({ steps, problems, why });
    }
    if (signal.aborted) return settled;
    if (round.kind === "cut-short") {
      log("warn", `pools and deployments are not looked after yet: ${round.why}`);
      return { kind: "retry-in", span: seconds(5) };
    }
    for (const { what, cure } of newOnes(round.difficulties, this.#difficulties)) {
      log("warn", cure === undefined ? what : `${what}. ${cure}`);
    }
    this.#difficulties = round.difficulties;
    this.#hasConverged = true;
    this.#isRoutine = true;
    this.#deps.changed();
    // What somebody changes in Prefect meanwhile, nobody tells us.
    return { kind: "retry-in", span: convergeEvery };
  }
}

const replaced = "the configuration was read again, or the daemon stops";

const convergeEvery = minutes(5);

/** As often as somebody asks in any case. */
const heardLately = seconds(15);

const newOnes = (now: readonly Difficulty[], before: readonly Difficulty[]) =>
  now.filter(({ what }) => !before.some((one) => one.what === what));
