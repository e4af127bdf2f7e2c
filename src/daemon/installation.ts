/** What the configuration in force declares, made to run: its units, and Prefect beside them. */
import { join } from "node:path";
import type { Config, EnvironmentVariables, ProbeTarget, ServiceConfig } from "../config/config.ts";
import type { Problem } from "../control/status.ts";
import { runCommand } from "../host/command.ts";
import { files } from "../host/files.ts";
import type { Lifelines } from "../host/lifelines.ts";
import { machine } from "../host/machine.ts";
import { commandProbe, httpProbe, tcpProbe } from "../host/probes.ts";
import { readRemoteFile, sumRemoteFiles } from "../host/remote-file.ts";
import { openStandIn } from "../host/stand-in.ts";
import { Ledger } from "../prefect/declared/ledger.ts";
import { workerUnit } from "../prefect/installation.ts";
import type { RunLauncher } from "../prefect/process-environment.ts";
import { serviceUnits } from "../services/units.ts";
import type { Clock } from "../supervision/ports.ts";
import type { Probe } from "../supervision/probe.ts";
import type { Declared, Supervisor } from "../supervision/supervisor.ts";
import type { UnitSpec } from "../supervision/unit-spec.ts";
import type { Blocker, UnitEvent, UnitState } from "../supervision/unit-state.ts";
import { isReady, type UnitView } from "../supervision/unit-view.ts";
import { HealthPorts } from "./health-ports.ts";
import type { Inheritance } from "./inheritance.ts";
import type { PrefectForJobs } from "./jobs.ts";
import { capabilitiesOf, keepCapabilities } from "./known-capabilities.ts";
import type { Memory } from "./memory.ts";
import type { PlanParts } from "./plan-report.ts";
import { PrefectKeeper } from "./prefect-keeper.ts";
import type { WatchedPrefect } from "./prefect-watch.ts";
import { keepProfile, profileStep } from "./profile-keeper.ts";
import type { ReconcileMeter } from "./reconciler.ts";
import type { RunKeeper } from "./run-keeper.ts";
import { StandInKeeper } from "./stand-in-keeper.ts";

export interface InstallationDeps {
  readonly clock: Clock;
  readonly memory: Memory;
  readonly supervisor: Supervisor;
  /** The environment of every child. */
  readonly base: EnvironmentVariables;
  readonly runLauncher: RunLauncher;
  readonly serverLauncher: string;
  readonly runs: RunKeeper;
  readonly meter: ReconcileMeter;
  readonly log: (level: "info" | "warn", message: string) => void;
  readonly lifelines: Lifelines;
  /** Told of all units before any of them starts. */
  readonly declaring: (units: readonly UnitSpec[]) => void;
  /** What an earlier daemon has left for these units; asked once, before any of them starts. */
  readonly inherit: (units: readonly UnitSpec[]) => Inheritance;
  /** So many units have been taken over: all that could be. */
  readonly inherited: (units: number) => void;
  /** Each time, after the flow runs have been told. */
  readonly serverIsReady: () => void;
  /** Why there is none at environment.path, if that is known: it is being built, or could not be. */
  readonly whyNoEnvironment: () => Blocker | undefined;
  /** Told of the Prefect that is looked after; undefined if there is none. */
  readonly watch: (prefect: WatchedPrefect | undefined) => void;
  /** Something beside the units has changed. */
  readonly changed: () => void;
}

export class Installation implements Disposable {
  readonly #deps: InstallationDeps;
  readonly #ports: HealthPorts;
  readonly #standIn: StandInKeeper;
  #ledger: Ledger | undefined;
  #keeper: PrefectKeeper | undefined;
  #profileTrouble: string | undefined;
  /** For units to be as they are waited for. */
  readonly #waiting = new Set<() => void>();
  #inheritance: Inheritance | undefined;

  constructor(deps: InstallationDeps) {
    this.#deps = deps;
    this.#ports = new HealthPorts(deps.memory);
    this.#standIn = new StandInKeeper({
      clock: deps.clock,
      open: openStandIn,
      server: () => findServer(deps.supervisor),
      log: deps.log,
    });
  }

  /** Replaces what was declared before; units that are the same run on. */
  async apply(config: Config): Promise<Declared> {
    const { clock, base, log, supervisor } = this.#deps;
    const workers = config.pools.flatMap(({ name, workers: count }) =>
      Array.from({ length: count }, (_, index) => workerUnit(name, index)),
    );
    await this.#ports.reserve(workers);
    // The state folder is the same as long as the daemon lives.
    const ledger = (this.#ledger ??= new Ledger(files, join(config.stateDir, "declared.json")));
    const before = this.#keeper;
    const keeper = await PrefectKeeper.open(config, {
      clock,
      machine,
      files,
      runLauncher: this.#deps.runLauncher,
      serverLauncher: this.#deps.serverLauncher,
      quiesce: (pool, unit, signal) => this.#deps.runs.quiesce(pool, unit, signal),
      apiIsThere: () => {
        this.#deps.runs.serverIsReady();
        this.#deps.serverIsReady();
      },
      run: runCommand,
      remote: { read: readRemoteFile, sums: sumRemoteFiles },
      ledger,
      updatePool: (pool, change, signal) => this.#deps.runs.intake.update(pool, change, signal),
      meter: this.#deps.meter,
      before: before?.reconciler.atRest ?? Promise.resolve(),
      profileStep: async () => (hasPrefect(config) ? profileStep(config) : undefined),
      keepProfile: () => this.#keepProfile(keeper),
      base,
      log,
      setCondition: (name, blocker) => supervisor.setCondition(name, blocker),
      unitsChanged: () => void this.#declare(keeper),
      capabilitiesOf: (program) => capabilitiesOf(this.#deps.memory, program),
      keepCapabilities: (program, found) => keepCapabilities(this.#deps.memory, program, found),
      whyNoEnvironment: () => this.#deps.whyNoEnvironment(),
      healthPort: (unit) => this.#ports.of(unit),
      releasePort: () => this.#standIn.release(),
      changed: () => this.#deps.changed(),
      workersStarted: (signal) => this.#workersStarted(signal),
    });
    // A restart must not wait for it.
    await this.#deps.lifelines.prepare(this.#units(keeper).map(({ name }) => name));
    before?.[Symbol.dispose]();
    this.#keeper = keeper;
    this.#deps.runs.configure(config, hasPrefect(config) ? keeper.api : undefined);
    const declared = this.#declare(keeper);
    await this.#standIn.apply(config);
    keeper.start();
    this.#deps.watch(hasPrefect(config) ? keeper.watched : undefined);
    if (isServerReady(supervisor)) this.#serverIsReady();
    await this.#keepProfile(keeper);
    return declared;
  }

  /** What jobs need of Prefect. */
  get forJobs(): PrefectForJobs {
    const keeper = this.#keeper;
    const isThere = keeper !== undefined && hasPrefect(keeper.config);
    return {
      api: isThere ? keeper.housekeeping : undefined,
      env: keeper?.environment ?? this.#deps.base,
      accept: async () => keeper?.acceptDatabase(),
    };
  }

  /** To be told of each change of a unit. */
  unitChanged(unit: UnitView, from: UnitState, event: UnitEvent): void {
    for (const look of this.#waiting) look();
    if (unit.spec.name !== serverUnit) return;
    this.#standIn.serverChanged(unit, from, event);
    if (isReady(unit) && from.phase.kind !== "running") this.#serverIsReady();
  }

  /** What `plan` and `apply` ask. */
  get reconciler(): PlanParts["reconciler"] {
    const keeper = this.#keeper;
    if (keeper === undefined) return "starting";
    return hasPrefect(keeper.config) ? keeper.reconciler : "none";
  }

  /** Resolves when the server is ready, or is not meant to be. */
  serverStarted(signal: AbortSignal): Promise<void> {
    return this.#until(() => {
      const server = findServer(this.#deps.supervisor);
      const isReplaced = server?.state.phase.kind === "stopping" && server.state.desired === "up";
      return server === undefined || !(isReplaced || isStarting(server));
    }, signal);
  }

  /** environment.path leads to another environment. */
  async environmentSwitched(): Promise<void> {
    await this.#keeper?.environmentSwitched();
  }

  isPaused(pool: string): boolean {
    return this.#keeper?.isPaused(pool) ?? false;
  }

  changedAt(pool: string): string | undefined {
    return this.#keeper?.changedAt(pool);
  }

  /** Whether what is declared beside units has been seen to once. */
  get isSettled(): boolean {
    const keeper = this.#keeper;
    return keeper !== undefined && (!hasPrefect(keeper.config) || keeper.hasConverged);
  }

  get overdue(): readonly string[] {
    return this.#keeper?.overdue ?? [];
  }

  get problems(): readonly Problem[] {
    const difficulties = this.#keeper?.difficulties ?? [];
    const profile = this.#profileTrouble;
    return [
      ...difficulties.map(({ id, what, cure }) => ({ id, what, cure: cure ?? null })),
      ...(profile === undefined ? [] : [{ id: "profile", what: profile, cure: null }]),
    ];
  }

  [Symbol.dispose](): void {
    this.#keeper?.[Symbol.dispose]();
    this.#standIn[Symbol.dispose]();
  }

  #serverIsReady(): void {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    keeper.serverIsReady();
    this.#deps.runs.serverIsReady();
    this.#deps.serverIsReady();
    void this.#keepProfile(keeper);
  }

  #workersStarted(signal: AbortSignal): Promise<void> {
    return this.#until(() => !this.#deps.supervisor.units.some(isStartingWorker), signal);
  }

  /** Resolves when it is so; it is asked at each change of a unit. */
  #until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (!signal.aborted && !isSo()) return;
      this.#waiting.delete(look);
      resolve();
    };
    this.#waiting.add(look);
    signal.addEventListener("abort", look, { once: true });
    look();
    return promise;
  }

  async #keepProfile(keeper: PrefectKeeper): Promise<void> {
    const { config } = keeper;
    const mayWrite = hasPrefect(config) && (await keeper.isAtHome());
    const trouble = mayWrite ? await keepProfile(config) : undefined;
    if (trouble !== undefined && trouble !== this.#profileTrouble) this.#deps.log("warn", trouble);
    this.#profileTrouble = trouble;
  }

  #units(keeper: PrefectKeeper): readonly UnitSpec[] {
    const { base } = this.#deps;
    const { services } = keeper.config;
    const probe = (target: ProbeTarget, service: ServiceConfig) => probeFor(target, service, base);
    return [...keeper.units(), ...serviceUnits(services, { base, probe })];
  }

  #declare(keeper: PrefectKeeper): Declared {
    const { supervisor, memory, declaring, inherit, inherited } = this.#deps;
    const units = this.#units(keeper);
    declaring(units);
    const isFirst = this.#inheritance === undefined;
    const inheritance = (this.#inheritance ??= inherit(units));
    if (isFirst) supervisor.setCondition(restCondition, inheritance.blocker);
    const stopped = new Set(memory.now.stopped);
    const declared = supervisor.declare(
      units.map((unit) => ({ ...unit, after: [restCondition, ...unit.after] })),
      (name) => !stopped.has(name),
      (name) => inheritance.adoptable(name),
    );
    if (!isFirst) return declared;
    inheritance.tellOfLosses();
    inherited(supervisor.units.filter(({ state }) => state.isAdopted).length);
    void inheritance.endRest().then(() => supervisor.setCondition(restCondition, undefined));
    return declared;
  }
}

/** The condition that no process of an earlier daemon is in the way of a start. */
const restCondition = "the end of what an earlier daemon left";

/** Without a server of ours or elsewhere there is no Prefect to look after. */
const hasPrefect = ({ server, prefect }: Config): boolean =>
  server.enabled || prefect.apiUrl !== undefined;

const isStartingWorker = (unit: UnitView): boolean =>
  unit.spec.labels["role"] === "worker" && isStarting(unit);

/** It is on its way, and nobody has to do anything for it. */
function isStarting({ state: { phase, unmet, desired } }: UnitView): boolean {
  if (desired === "down" || unmet.length > 0) return false;
  return phase.kind === "starting" || (phase.kind === "waiting" && phase.blockers.length === 0);
}

const serverUnit = "server";

const findServer = ({ units }: Supervisor): UnitView | undefined =>
  units.find(({ spec }) => spec.name === serverUnit);

const isServerReady = (supervisor: Supervisor): boolean =>
  findServer(supervisor)?.state.phase.kind === "running";

function probeFor(target: ProbeTarget, service: ServiceConfig, base: EnvironmentVariables): Probe {
  switch (target.kind) {
    case "http":
      return httpProbe(target.url);
    case "tcp":
      return tcpProbe(target.host, target.port);
    case "command": {
      const [program = "", ...args] = target.command;
      return commandProbe(runCommand, {
        command: [program, ...args],
        env: { ...base, ...service.env },
        directory: service.directory,
        // Its own timeout ends it before.
        timeoutMs: 2 * service.startTimeout,
      });
    }
    default:
      return target satisfies never;
  }
}
