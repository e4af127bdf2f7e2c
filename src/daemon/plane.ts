/** The daemon as its operators see it: what is, and what they order. */
import type {
  BackupsResult,
  CancelResult,
  ControlPlane,
  DrainTimeout,
  EnvironmentOrderResult,
  JobOrderResult,
  NotifyTestResult,
  OrderResult,
  PlanResult,
  PoolOrderResult,
  RecoverResult,
  ReexecResult,
  ReloadResult,
  StatusEvent,
  UnitVerb,
  VerifyResult,
} from "../control/control-plane.ts";
import type { ApplyEvent } from "../control/plan.ts";
import type {
  CheckStatus,
  EnvironmentList,
  EventEntry,
  PoolStatus,
  Problem,
  RunStatus,
  Status,
  SupervisorStatus,
} from "../control/status.ts";
import type { Supervisor } from "../supervision/supervisor.ts";
import type { Millis } from "../supervision/time.ts";
import { backupsResult, verifyResult } from "./backup-orders.ts";
import type { Environments } from "./environments.ts";
import type { Jobs } from "./jobs.ts";
import type { Memory } from "./memory.ts";
import type { Notifications } from "./notifications.ts";
import type { RunOrders } from "./run-orders.ts";
import { buildStatus } from "./status-model.ts";

export interface PlaneDeps {
  readonly supervisor: Supervisor;
  readonly memory: Memory;
  readonly describeSelf: () => SupervisorStatus;
  readonly pools: () => readonly PoolStatus[];
  readonly checks: () => readonly CheckStatus[];
  readonly runs: RunOrders;
  readonly jobs: Jobs;
  readonly plan: () => Promise<PlanResult>;
  readonly apply: (told: (event: ApplyEvent) => void) => Promise<void>;
  readonly environments: Environments;
  readonly notifications: Notifications;
  readonly problems: () => readonly Problem[];
  /** Told that somebody reads the status. */
  readonly isRead: () => void;
  readonly events: () => readonly EventEntry[];
  readonly metrics: () => Promise<string>;
  readonly reload: () => Promise<ReloadResult>;
  readonly reexec: () => void;
  readonly now: () => Millis;
  readonly toWallClock: (at: Millis) => Date;
  readonly logOf: (unit: string) => string;
  readonly isAlive: () => boolean;
}

export class Plane implements ControlPlane {
  readonly #deps: PlaneDeps;
  readonly #listeners = new Set<(event: StatusEvent) => void>();

  constructor(deps: PlaneDeps) {
    this.#deps = deps;
  }

  status(): Status {
    this.#deps.isRead();
    return this.glance();
  }

  /** For the daemon itself: nothing is found out for it. */
  glance(): Status {
    const { supervisor, describeSelf, pools, checks, jobs, now, toWallClock, logOf } = this.#deps;
    const { status: environment } = this.#deps.environments.keeper;
    return buildStatus({
      supervisor: describeSelf(),
      units: supervisor.units,
      pools: pools(),
      checks: checks(),
      jobs: jobs.statuses,
      environment,
      problems: this.#deps.problems(),
      events: this.#deps.events(),
      now: now(),
      toWallClock,
      logOf,
    });
  }

  metrics(): Promise<string> {
    return this.#deps.metrics();
  }

  alive(): boolean {
    return this.#deps.isAlive();
  }

  async order(verb: UnitVerb, units: readonly string[]): Promise<OrderResult> {
    const { supervisor, memory } = this.#deps;
    const known = supervisor.units.map(({ spec }) => spec.name);
    const unknown = units.find((name) => !known.includes(name));
    if (unknown !== undefined) return { kind: "unknown-unit", name: unknown, known };
    const stopped = new Set(memory.now.stopped);
    for (const name of units) {
      if (verb === "stop") stopped.add(name);
      else stopped.delete(name);
    }
    const isNew = stopped.symmetricDifference(new Set(memory.now.stopped)).size > 0;
    const kept = isNew ? memory.change({ stopped: [...stopped] }) : undefined;
    for (const name of units) {
      if (verb === "restart") supervisor.restart(name, "restart");
      else supervisor[verb](name);
    }
    await kept;
    return { kind: "done", units };
  }

  reload(): Promise<ReloadResult> {
    return this.#deps.reload();
  }

  async runs(): Promise<readonly RunStatus[]> {
    return this.#deps.runs.list();
  }

  cancelRun(run: string): Promise<CancelResult> {
    return this.#deps.runs.cancel(run);
  }

  recoverRuns(): Promise<RecoverResult> {
    return this.#deps.runs.recover();
  }

  drain(pools: readonly string[], timeout: DrainTimeout): Promise<PoolOrderResult> {
    return this.#deps.runs.drain(pools, timeout);
  }

  resume(pools: readonly string[]): Promise<PoolOrderResult> {
    return this.#deps.runs.resume(pools);
  }

  environments(): Promise<EnvironmentList> {
    return this.#deps.environments.list();
  }

  syncEnvironment(): Promise<EnvironmentOrderResult> {
    return this.#deps.environments.sync();
  }

  rollBackEnvironment(): Promise<EnvironmentOrderResult> {
    return this.#deps.environments.keeper.rollback();
  }

  runJob(name: string): JobOrderResult {
    return this.#deps.jobs.order(name);
  }

  backups(): Promise<BackupsResult> {
    return backupsResult(this.#deps.jobs.database);
  }

  async verifyBackup(file: string): Promise<VerifyResult> {
    const { jobs, memory } = this.#deps;
    const result = await verifyResult(jobs.database, file);
    if (result.kind === "done") await memory.change({ backupVerified: new Date().toISOString() });
    return result;
  }

  restoreBackup(file: string): JobOrderResult {
    return this.#deps.jobs.restore(file);
  }

  testNotify(target: string | undefined): Promise<NotifyTestResult> {
    return this.#deps.notifications.test(target);
  }

  plan(): Promise<PlanResult> {
    return this.#deps.plan();
  }

  apply(told: (event: ApplyEvent) => void): Promise<void> {
    return this.#deps.apply(told);
  }

  /** Answers before it begins: nobody is there to answer after it. */
  reexec(): ReexecResult {
    this.#deps.reexec();
    return { kind: "accepted" };
  }

  subscribe(listener: (event: StatusEvent) => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener));
  }

  publish(event: StatusEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
