/** One daemon from its start to its end: holds the parts together and carries out reload and stop. */
import { hostname } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import packageFile from "../../package.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import { describeFault } from "../config/fault.ts";
import type { Loaded } from "../config/load.ts";
import type { ReloadResult } from "../control/control-plane.ts";
import type { Problem, SupervisorStatus } from "../control/status.ts";
import { baseEnvironment } from "../host/base-environment.ts";
import { systemClock, toWallClock } from "../host/clock.ts";
import { databaseChild } from "../host/database/database-child.ts";
import { files } from "../host/files.ts";
import { findJournal } from "../host/journal.ts";
import { endLeftovers } from "../host/leftovers.ts";
import type { Level, Log } from "../host/log.ts";
import { HostLooker } from "../host/looker.ts";
import { supervisorVariable } from "../host/marks.ts";
import { SystemdNotifier } from "../host/notifier.ts";
import { notifier as notifyBy } from "../host/notify.ts";
import {
  ownCommand,
  ownLookAt,
  ownPasswordWorker,
  ownPriorities,
  ownProgram,
  ownRunLauncher,
  ownServerLauncher,
} from "../host/own-program.ts";
import { readProcessTable, sampleProcessTree } from "../host/process-sample.ts";
import { bootId } from "../host/processes.ts";
import { become, tryOut } from "../host/reexec.ts";
import { findOwnUnit } from "../host/systemd-job.ts";
import { createMetrics, type Metrics } from "../metrics/metrics.ts";
import { processMetrics } from "../metrics/process-metrics.ts";
import { DatabaseGuard } from "../prefect/database-guard.ts";
import { apiUrl, uiUrl } from "../prefect/installation.ts";
import { flowRunVariable } from "../prefect/ports.ts";
import { describe } from "../supervision/describe.ts";
import { stopPatience } from "../supervision/order.ts";
import { Supervisor } from "../supervision/supervisor.ts";
import { formatSpan, minutes, ms } from "../supervision/time.ts";
import type { UnitSpec } from "../supervision/unit-spec.ts";
import type { UnitEvent, UnitState } from "../supervision/unit-state.ts";
import type { UnitView } from "../supervision/unit-view.ts";
import { type Booted, load, type OwnEnvironment } from "./boot.ts";
import { CheckKeeper } from "./check-keeper.ts";
import { ChildRecords } from "./child-records.ts";
import { type Children, openChildren } from "./children.ts";
import { commandLine } from "./command-line.ts";
import { openDoors, webUrl } from "./doors.ts";
import { Environments } from "./environments.ts";
import { type Event, eventOfJob, markOf } from "./events.ts";
import { FlowRuns } from "./flow-runs.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Herald } from "./herald.ts";
import { Inheritance } from "./inheritance.ts";
import { Installation } from "./installation.ts";
import { observeJob } from "./job-status.ts";
import { Jobs } from "./jobs.ts";
import { Notifications } from "./notifications.ts";
import { apply as applyPlan, type PlanParts, report } from "./plan-report.ts";
import { Plane } from "./plane.ts";
import { PrefectWatch } from "./prefect-watch.ts";
import { reconcileMeter } from "./reconcile-meter.ts";
import { RunOrders } from "./run-orders.ts";
import { poolStatuses } from "./run-status.ts";
import { headline, takenOver } from "./summary.ts";
import { VolumeWatch } from "./volume-watch.ts";

export interface DaemonOptions {
  readonly booted: Extract<Booted, { readonly kind: "booted" }>;
  readonly configFile: string | undefined;
  readonly own: OwnEnvironment;
  readonly log: Log;
}

/** Of `run`: to see whether it would start. */
const trialOption = "--check";
/** For what is left when all units have stopped. */
const sweepPatience = minutes(1);
/** Of an `apply` that has replaced its environment. */
const serverPatience = minutes(2);

export class Daemon implements AsyncDisposable {
  readonly #options: DaemonOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #startedAt = new Date();
  /** Where journald takes what children print; undefined: it goes into files. */
  readonly #journal: string | undefined;
  readonly #mark: { readonly variable: string; readonly value: string };
  readonly #records: ChildRecords;
  readonly #children: Children;
  readonly #notifier: SystemdNotifier;
  readonly #metrics: Metrics;
  readonly #supervisor: Supervisor;
  readonly #runs: FlowRuns;
  readonly #prefect: PrefectWatch;
  readonly #volumes: VolumeWatch;
  readonly #installation: Installation;
  readonly #environments: Environments;
  readonly #checks: CheckKeeper;
  readonly #jobs: Jobs;
  readonly #notifications: Notifications;
  readonly #plane: Plane;
  readonly #herald: Herald;
  #heartbeat: Heartbeat | undefined;
  #reloading: Promise<unknown> = Promise.resolve();
  #config: Config;
  #phase: SupervisorStatus["phase"] = "starting";
  #isMakingWay = false;
  #webProblems: readonly Problem[] = [];

  constructor(options: DaemonOptions) {
    const { booted, own } = options;
    const { memory, lifelines, config } = booted;
    this.#options = options;
    this.#config = config;
    this.#journal = findJournal(own);
    this.#mark = { variable: supervisorVariable, value: memory.now.supervisorId };
    const warn = (trouble: string) => this.#tell("warn", trouble);
    this.#records = new ChildRecords({
      memory,
      clock: systemClock,
      bootId: bootId(),
      spawns: () =>
        new Map(this.#supervisor.units.map(({ spec, state }) => [spec.name, state.spawns])),
    });
    this.#children = this.#stack.use(
      openChildren({
        logDirectory: join(config.stateDir, "logs"),
        journal: this.#journal,
        lifelines,
        register: this.#records,
        isDelegated: own["NOTIFY_SOCKET"] !== undefined,
        report: warn,
      }),
    );
    this.#notifier = new SystemdNotifier(own, warn);
    this.#metrics = createMetrics({
      client: processMetrics(),
      build: { version: packageFile.version, revision: "", nodeVersion: process.version },
      now: () => systemClock.now(),
      toWallSeconds: (at) => toWallClock(at).getTime() / 1000,
      units: () =>
        this.#supervisor.units.map((view) => ({
          view,
          description: describe(view, systemClock.now()),
        })),
      lookAtProcesses: () => {
        const table = readProcessTable();
        return (pid) => sampleProcessTree(pid, table);
      },
      runs: () => this.#runs.snapshot(this.#config.pools),
      jobs: () => this.#jobs.snapshot,
      environment: () => this.#environments.snapshot,
      collected: () => ({ prefect: this.#prefect.view, volumes: this.#volumes.view }),
      scraped: () => {
        this.#prefect.isRead();
        this.#volumes.isRead();
      },
      outOfMemory: () => this.#runs.outOfMemory,
      isReady: () => this.#plane.glance().ready,
    });
    this.#herald = new Herald({
      clock: systemClock,
      metrics: this.#metrics.observer,
      tell: (level, message, event) => this.#tell(level, message, event),
      notifier: this.#notifier,
      publish: (event) => this.#plane.publish(event),
      status: () => this.#plane.glance(),
      heed: (status) => this.#notifications.heed(status),
      isSettled: () => this.#installation.isSettled,
      command: commandLine(own, () => this.#config),
      howToStop: howToStop(own),
    });
    this.#supervisor = new Supervisor({
      clock: systemClock,
      dice: Math.random,
      launcher: this.#children.launcher,
      observer: {
        probed: (unit, kind, verdict) => this.#herald.probed(unit, kind, verdict),
        transition: (unit, from, event) => {
          this.#herald.transition(unit, from, event);
          this.#tellRunKeeper(unit, from, event);
          this.#installation.unitChanged(unit, from, event);
        },
      },
    });
    this.#runs = this.#stack.use(
      new FlowRuns({
        stateDir: config.stateDir,
        cgroup: this.#children.cgroup,
        memory,
        units: () => this.#supervisor.units,
        metrics: () => this.#metrics,
        log: (level, message, event) => this.#tell(level, message, event),
        setCondition: (name, blocker) => this.#supervisor.setCondition(name, blocker),
        ended: () => {
          this.#herald.overviewSoon();
          this.#environments.keeper.runEnded();
        },
      }),
    );
    const base = { ...baseEnvironment(own), [this.#mark.variable]: this.#mark.value };
    this.#environments = this.#stack.use(
      new Environments({
        clock: systemClock,
        memory,
        stateDir: config.stateDir,
        own,
        base,
        unmarked: baseEnvironment(own),
        runsIn: () => this.#runs.environments,
        metrics: () => this.#metrics.environment,
        databaseRevision: async () => this.#jobs.database?.revision(),
        switched: () => this.#environmentSwitched(),
        log: (level, message) => this.#tell(level, message),
        publish: (event) => {
          this.#herald.overviewSoon();
          this.#plane.publish(event);
        },
      }),
    );
    const looker = new HostLooker({
      program: ownLookAt(),
      env: baseEnvironment(own),
      supervisorId: memory.now.supervisorId,
    });
    const watching = {
      clock: systemClock,
      wallClock: () => new Date(),
      metrics: () => this.#metrics.prefect,
    };
    this.#prefect = this.#stack.use(new PrefectWatch(watching));
    this.#volumes = this.#stack.use(new VolumeWatch({ ...watching, looker }));
    this.#installation = this.#stack.use(
      new Installation({
        clock: systemClock,
        memory,
        supervisor: this.#supervisor,
        base,
        runs: this.#runs.keeper,
        runLauncher: {
          program: ownRunLauncher(),
          cgroup: this.#children.runCgroup,
          journal:
            this.#journal === undefined
              ? undefined
              : { socket: this.#journal, priorities: ownPriorities() },
        },
        serverLauncher: ownServerLauncher(),
        meter: reconcileMeter(() => this.#metrics.reconcile),
        log: (level, message) => this.#tell(level, message),
        lifelines,
        declaring: (units) => this.#metrics.declare(units),
        inherit: (units) => this.#inherit(units),
        inherited: (units) => this.#inherited(units),
        serverIsReady: () => {
          this.#checks.serverIsReady();
          this.#prefect.serverIsReady();
          this.#volumes.serverIsReady();
        },
        whyNoEnvironment: () => this.#environments.keeper.blocker,
        watch: (prefect) => this.#prefect.configure(prefect),
        changed: () => this.#herald.overviewSoon(),
      }),
    );
    this.#checks = this.#stack.use(
      new CheckKeeper({
        clock: systemClock,
        wallClock: () => new Date(),
        toWallClock,
        looker,
        memory,
        intake: this.#runs.keeper.intake,
        isPaused: (pool) => this.#installation.isPaused(pool),
        changedAt: (pool) => this.#installation.changedAt(pool),
        homeMark: (wanted) => new DatabaseGuard(wanted, files).mark(),
        metrics: () => this.#metrics.checks,
        tell: ({ level, text, event }) => this.#tell(level, text, event),
        publish: (event) => {
          this.#herald.overviewSoon();
          this.#plane.publish(event);
        },
      }),
    );
    this.#jobs = this.#stack.use(
      new Jobs({
        clock: systemClock,
        memory,
        supervisor: this.#supervisor,
        work: databaseChild({ command: ownProgram("database-work"), env: base }),
        log: (level, message) => this.#tell(level, message, eventOfJob(message)),
        observe: (name, event) => {
          observeJob(this.#metrics.jobs, name, event);
          this.#herald.overviewSoon();
        },
        prefect: () => this.#installation.forJobs,
      }),
    );
    this.#notifications = this.#stack.use(
      new Notifications({
        clock: systemClock,
        wallClock: () => new Date(),
        host: hostname(),
        send: notifyBy(baseEnvironment(own)),
        log: (level, message) => this.#tell(level, message),
        changed: () => this.#herald.overviewSoon(),
      }),
    );
    this.#plane = new Plane({
      supervisor: this.#supervisor,
      memory,
      describeSelf: () => this.#describeSelf(),
      pools: () =>
        poolStatuses({
          config: this.#config,
          closureOf: (pool) => this.#runs.keeper.closureOf(pool),
          isPaused: (pool) => this.#installation.isPaused(pool),
          failing: (pool) => this.#checks.failing(pool).map(({ why }) => why),
          isOverruled: (pool) => this.#checks.isOverruled(pool),
          isStopping: this.#phase === "stopping",
          runs: this.#runs.keeper.runs,
          late: (pool) => this.#prefect.late(pool),
          now: new Date(),
        }),
      runs: new RunOrders(this.#runs.keeper, () => this.#config),
      plan: () => report(this.#planParts()),
      apply: (told) => applyPlan(() => this.#planParts(), told),
      checks: () => this.#checks.statuses,
      jobs: this.#jobs,
      environments: this.#environments,
      notifications: this.#notifications,
      problems: () => [
        ...this.#environments.keeper.problems,
        ...this.#installation.problems,
        ...this.#checks.problems,
        ...this.#jobs.problems,
        ...this.#notifications.problems,
        ...this.#webProblems,
      ],
      isRead: () => this.#prefect.isRead(),
      events: () => booted.events.recent,
      metrics: () => this.#metrics.render(),
      reload: () => this.reload(),
      reexec: () => void this.reexec("reexec ordered"),
      now: () => systemClock.now(),
      toWallClock,
      logOf: this.#children.logOf,
      isAlive: () => this.#heartbeat?.trouble === undefined,
    });
  }
  /** False if it cannot be reached by its operators: then nothing has been started. */
  async open(): Promise<boolean> {
    const { booted, own } = this.#options;
    for (const warning of booted.warnings) this.#tell("warn", warning);
    const doors = await openDoors({
      config: this.#config,
      plane: this.#plane,
      security: () => this.#config.web.security,
      passwordWorker: ownPasswordWorker(),
      runtimeDirectory: own["RUNTIME_DIRECTORY"],
      report: (error) => this.#tell("error", String(error)),
      answered: (route, status) => {
        // Prometheus itself counts its scrapes.
        if (route !== "/metrics") this.#metrics.daemon.answered(route, status);
      },
    });
    if (doors.kind === "failed") {
      this.#tell("error", doors.why);
      return false;
    }
    this.#stack.use(doors.stack);
    if (doors.problem !== undefined) {
      this.#tell("error", doors.problem.what);
      this.#webProblems = [doors.problem];
    }
    return true;
  }

  async start(): Promise<void> {
    await this.#runs.open();
    // First: what they find out may be why nothing of the rest gets anywhere.
    this.#notifications.configure(this.#config);
    this.#checks.configure(this.#config);
    this.#volumes.configure(this.#config);
    await this.#environments.keeper.configure(this.#config);
    await this.#installation.apply(this.#config);
    this.#environments.keeper.start();
    this.#metrics.daemon.configLoaded(Date.now() / 1000);
    this.#phase = "running";
    this.#notifier.ready(headline(this.#plane.glance()));
    this.#heartbeat = this.#stack.use(this.#listenToHeart());
    this.#herald.overviewSoon();
    // Nothing waits for jobs but a reload.
    const jobs = this.#reloading.then(() => this.#jobs.apply(this.#config));
    this.#reloading = jobs;
    await jobs;
  }

  #tellRunKeeper({ spec, state }: UnitView, from: UnitState, event: UnitEvent): void {
    const { pool } = spec.labels;
    if (pool === undefined) return;
    if (event.kind === "ended" && state !== from) {
      this.#runs.keeper.workerEnded(pool, spec.name);
    }
    if (event.kind === "became-ready" && from.phase.kind === "starting") {
      this.#runs.keeper.workerIsReady(spec.name);
    }
  }

  /** After a reload that is under way, or before the next one: each looks where the link leads. */
  #planParts(): PlanParts {
    const { reconciler } = this.#installation;
    return {
      reconciler,
      environment: this.#environments,
      units: this.#supervisor.units,
      serverStarted: () => this.#installation.serverStarted(AbortSignal.timeout(serverPatience)),
    };
  }

  #environmentSwitched(): Promise<void> {
    const switched = this.#reloading.then(() => this.#installation.environmentSwitched());
    this.#reloading = switched;
    return switched;
  }

  /** One after the other: what was read last must also be in force last. */
  reload(): Promise<ReloadResult> {
    const result = this.#reloading.then(() => this.#reload());
    this.#reloading = result;
    return result;
  }

  async #reload(): Promise<ReloadResult> {
    const { configFile, own } = this.#options;
    this.#notifier.reloading();
    const loaded = await load(configFile, own);
    const result = loaded.kind === "loaded" ? await this.#replace(loaded) : this.#keep(loaded);
    this.#metrics.daemon.reloaded(
      result.kind === "reloaded" ? "succeeded" : "failed",
      Date.now() / 1000,
    );
    this.#notifier.ready(headline(this.#plane.glance()));
    return result;
  }

  /** @param hurry cuts the patience with each unit short */
  async stop(why: string, hurry: AbortSignal): Promise<void> {
    this.#phase = "stopping";
    const units = stopPatience(this.#supervisor.units.map(({ spec }) => spec));
    this.#notifier.stopping(ms(this.#runs.keeper.stopPatience + units + sweepPatience));
    this.#tell("notice", `${why}: stops everything in order; a second one does it at once`);
    this.#herald.overviewSoon();
    hurry.addEventListener("abort", () => this.#supervisor.killAll());
    await this.#jobs[Symbol.asyncDispose]();
    this.#environments[Symbol.dispose]();
    this.#installation[Symbol.dispose]();
    this.#prefect[Symbol.dispose]();
    this.#volumes[Symbol.dispose]();
    this.#checks[Symbol.dispose]();
    await this.#runs.keeper.stop(hurry);
    await this.#supervisor.stopAll();
    await this.#children.escapees.settled();
    const { left } = await endLeftovers({ ...this.#mark, patienceMs: 3_000 });
    if (left.length > 0) this.#tell("error", `processes ${left.join(", ")} cannot be ended`);
    await this.#records.flush();
    this.#tell("notice", "stopped");
    this.#herald.stopped();
    await this.#notifier.delivered();
  }

  /** Ends the daemon alone: all that it looks after runs on, and the next one takes it over. */
  async leave(why: string): Promise<void> {
    this.#phase = "stopping";
    this.#notifier.stopping(sweepPatience);
    const what = `${why}: leaves everything running, for the next daemon to take over`;
    // systemd calls it a deficiency of the service, twice for each process.
    this.#tell("notice", `${what}. What systemd says of processes that remain is no fault`);
    await this.#settleAccounts();
  }

  /** Puts the program as it is on the disk now in the place of this one; goes on if that would not start. */
  async reexec(why: string): Promise<void> {
    if (this.#isMakingWay) return;
    this.#isMakingWay = true;
    const { own, log } = this.#options;
    const replacement = { command: ownCommand(), env: own };
    const trouble = await tryOut(replacement, trialOption);
    if (trouble !== undefined) {
      const what = `${why}: goes on as it is, for the program on the disk would not start: ${trouble}`;
      this.#tell("error", what);
    } else if (this.#phase === "running") {
      this.#tell("notice", `${why}: makes way for the program on the disk; everything runs on`);
      this.#notifier.reloading();
      await this.#settleAccounts();
      await log.written();
      log.flush();
      // A stop may have been ordered meanwhile.
      if (this.#phase === "running") become(replacement);
    }
    this.#isMakingWay = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** What the next daemon must know is written, and nothing is under way that would end with this one. */
  async #settleAccounts(): Promise<void> {
    await this.#reloading;
    await this.#jobs[Symbol.asyncDispose]();
    this.#environments[Symbol.dispose]();
    this.#installation[Symbol.dispose]();
    this.#prefect[Symbol.dispose]();
    this.#volumes[Symbol.dispose]();
    this.#checks[Symbol.dispose]();
    await this.#children.escapees.settled();
    await this.#records.flush();
    await this.#notifier.delivered();
  }

  #inherit(units: readonly UnitSpec[]): Inheritance {
    const { memory, lifelines } = this.#options.booted;
    const deps = {
      clock: systemClock,
      memory,
      lifelines,
      adopt: this.#children.adopt,
      isOurs: (invocation: string) => this.#records.isLiving(invocation),
      foreignVariable: flowRunVariable,
      tell: (level: Level, message: string) => this.#tell(level, message),
      lost: this.#metrics.notAdopted,
    };
    return new Inheritance(deps, units);
  }

  #inherited(units: number): void {
    // Since the start of this process.
    const took = systemClock.now();
    this.#metrics.daemon.adopted(took / 1000);
    const what = takenOver(units, this.#runs.living);
    if (what !== undefined) this.#tell("notice", `${what}, ${formatSpan(took)} after the start`);
  }

  async #replace(loaded: Extract<Loaded, { readonly kind: "loaded" }>): Promise<ReloadResult> {
    const before = this.#config;
    this.#config = loaded.config;
    const warnings = [...loaded.warnings.map(describeFault), ...needRestart(before, loaded.config)];
    for (const warning of warnings) this.#tell("warn", warning);
    this.#notifications.configure(loaded.config);
    this.#checks.configure(loaded.config);
    this.#volumes.configure(loaded.config);
    await this.#environments.keeper.configure(loaded.config);
    const declared = await this.#installation.apply(loaded.config);
    this.#environments.keeper.start();
    await this.#jobs.apply(loaded.config);
    const { added, changed, removed } = declared;
    const what = `${added.length} units added, ${changed.length} restarted, ${removed.length} removed`;
    this.#tell("notice", `configuration reloaded: ${what}`, { kind: "config-reloaded" });
    return { kind: "reloaded", ...declared, warnings };
  }

  #keep(loaded: Extract<Loaded, { readonly kind: "faulty" }>): ReloadResult {
    const faults = loaded.faults.map(describeFault);
    for (const fault of faults) this.#tell("error", fault);
    this.#tell("error", "nothing was reloaded: the configuration of before is still in force", {
      kind: "config-refused",
      of: this.#config.file ?? "",
      reason: faults.join("\n"),
    });
    return { kind: "faulty", faults };
  }

  #tell(level: Level, message: string, event?: Event): void {
    this.#options.log.write(level, message, event && markOf(event));
    this.#options.booted.events.add(new Date(), level, message);
    this.#metrics.daemon.logged(level === "notice" ? "info" : level);
  }

  #describeSelf(): SupervisorStatus {
    return {
      version: packageFile.version,
      pid: process.pid,
      startedAt: this.#startedAt.toISOString(),
      phase: this.#phase,
      config: this.#config.file ?? null,
      stateDir: this.#config.stateDir,
      ...prefectAddresses(this.#config),
      webUrl: webUrl(this.#config),
    };
  }

  #listenToHeart(): Heartbeat {
    const watchdog = Number(this.#options.own["WATCHDOG_USEC"] ?? 0) / 1000;
    return new Heartbeat({
      clock: systemClock,
      span: watchdog > 0 ? ms(watchdog) : minutes(1),
      overdue: () => [
        ...this.#installation.overdue,
        ...this.#prefect.overdue,
        ...this.#checks.overdue,
        ...this.#environments.overdue,
      ],
      beat: () => {
        if (watchdog === 0) return;
        this.#notifier.watchdog();
        this.#metrics.daemon.watchdogPinged(Date.now() / 1000);
      },
      missed: (why) => {
        const then = watchdog > 0 ? ". If it lasts, systemd starts the daemon anew" : "";
        const what = `the daemon makes no progress: ${why}${then}`;
        this.#tell("warn", what, { kind: "stalled", reason: why });
      },
    });
  }
}

/** A SIGTERM that systemd knows nothing of it takes for a death, and starts the next daemon. */
function howToStop(own: OwnEnvironment): string {
  const unit = own["NOTIFY_SOCKET"] === undefined ? undefined : findOwnUnit();
  return unit === undefined ? "Ctrl-C, or SIGTERM to this process" : `systemctl stop ${unit.name}`;
}

function prefectAddresses(
  config: Config,
): Pick<SupervisorStatus, "prefectApiUrl" | "prefectUiUrl"> {
  const hasPrefect = config.server.enabled || config.prefect.apiUrl !== undefined;
  if (!hasPrefect) return { prefectApiUrl: null, prefectUiUrl: null };
  return { prefectApiUrl: apiUrl(config), prefectUiUrl: uiUrl(config) };
}

const tlsOf = ({ web }: Config): object => web.security?.tls ?? {};

function needRestart(before: Config, now: Config): readonly string[] {
  const keys = [
    ["state_dir", before.stateDir === now.stateDir],
    ["web.listen", webUrl(before) === webUrl(now)],
    ["tls_server_config of web.config_file", isDeepStrictEqual(tlsOf(before), tlsOf(now))],
  ] as const;
  return keys.flatMap(([key, isSame]) =>
    isSame ? [] : [`${key} has changed: that takes effect when the daemon is restarted`],
  );
}
