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
} from "../../../src/control/control-plane.ts";
import type { ApplyEvent } from "../../../src/control/plan.ts";
import { isReady } from "../../../src/control/readiness.ts";
import type {
  EnvironmentList,
  EnvironmentStatus,
  PoolStatus,
  RunStatus,
  Status,
  UnitStatus,
} from "../../../src/control/status.ts";

export const unit = (name: string, changes: Partial<UnitStatus> = {}): UnitStatus => ({
  name,
  role: name.split("@")[0] ?? name,
  pool: name.split("@")[1] ?? null,
  desired: "up",
  state: "running",
  ready: true,
  pid: 4711,
  since: "2026-01-01T12:00:00.000Z",
  reasonCode: "wanted",
  reason: "ready for 3 min 20 s",
  next: null,
  startsAt: null,
  restarts: 0,
  log: `/var/lib/sails-supervisor/logs/${name}.log`,
  ...changes,
});

export const environment = (changes: Partial<EnvironmentStatus> = {}): EnvironmentStatus => ({
  path: "/mnt/pspace/prefect-env",
  project: "/home/ubuntu/alma",
  state: "in-step",
  since: "2026-01-01T11:00:00.000Z",
  reason: "is what uv.lock says",
  next: null,
  retryAt: null,
  current: "0c8b62856929-3.11-0f0f0f",
  previous: null,
  python: "3.11.2",
  prefect: "3.8.8",
  declared: { lock: "uv.lock", lockHash: "0c8b62856929" },
  ...changes,
});

export const crashed = (name: string, changes: Partial<UnitStatus> = {}): UnitStatus =>
  unit(name, {
    state: "backoff",
    ready: false,
    pid: null,
    reasonCode: "crash",
    reason: "exited with status 1 after 2 s: ModuleNotFoundError: No module named 'astropy'",
    next: "start 4 in 12 s",
    restarts: 3,
    ...changes,
  });

export const pool = (name: string, changes: Partial<PoolStatus> = {}): PoolStatus => ({
  name,
  type: "process",
  intake: "open",
  why: null,
  concurrencyLimit: 2,
  runs: 0,
  late: null,
  drainDeadline: null,
  detached: true,
  ...changes,
});

export const flowRun = (name: string | null, changes: Partial<RunStatus> = {}): RunStatus => ({
  id: "0198c2a4-5e1f-7b3a-9c55-2f1d8e6a7b90",
  name,
  pool: "vm-runs",
  deployment: "reduce/vm",
  pid: 5201,
  state: "Running",
  attachment: "attached",
  startedAt: "2026-01-01T11:59:20.000Z",
  environment: "/mnt/pspace/prefect-env",
  output: "journal",
  rssBytes: 312 * 1024 ** 2,
  processes: 1,
  note: null,
  ...changes,
});

export function statusOf(units: readonly UnitStatus[], changes: Partial<Status> = {}): Status {
  const supervisor = {
    version: "0.1.0",
    pid: 100,
    startedAt: "2026-01-01T11:00:00.000Z",
    phase: "running",
    config: "/etc/sails-supervisor/config.yaml",
    stateDir: "/var/lib/sails-supervisor",
    prefectApiUrl: "http://127.0.0.1:4200/api",
    prefectUiUrl: "http://127.0.0.1:4200",
    webUrl: "http://127.0.0.1:9746",
  } as const;
  const ready = isReady({ supervisor, units });
  return {
    version: 1,
    supervisor,
    ready,
    units,
    pools: [],
    checks: [],
    jobs: [],
    environment: null,
    problems: [],
    events: [],
    ...changes,
  };
}

/** A daemon without units of its own: the test says what they do. */
export class FakePlane implements ControlPlane {
  now: Status;
  isAlive = true;
  readonly orders: (readonly [UnitVerb, readonly string[]])[] = [];
  reloaded: ReloadResult = { kind: "reloaded", added: [], changed: [], removed: [], warnings: [] };
  flowRuns: readonly RunStatus[] = [];
  cancelled: CancelResult = { kind: "done" };
  recovered: RecoverResult = { kind: "done", settled: [] };
  replaced: ReexecResult = { kind: "accepted" };
  jobOrder: JobOrderResult = { kind: "started", job: "backup", since: "2026-01-01T12:00:00.000Z" };
  listed: BackupsResult = { kind: "done", version: 1, directory: "/backups", backups: [] };
  verified: VerifyResult = { kind: "refused", why: "it is damaged", cure: null };
  planned: PlanResult = { kind: "planned", version: 1, steps: [], left: [], problems: [] };
  applied: readonly ApplyEvent[] = [];
  environmentList: EnvironmentList = { version: 1, environment: null, environments: [] };
  environmentOrder: EnvironmentOrderResult = {
    kind: "done",
    environment: environment(),
    warning: null,
  };
  notified: NotifyTestResult = { kind: "done", targets: [] };
  /** What an order for pools meets with, if it cannot be carried out. */
  refusal: Extract<PoolOrderResult, { kind: "failed" }> | undefined;
  readonly asked: (readonly unknown[])[] = [];
  metricsText = async (): Promise<string> => "sails_up 1\n";
  /** What an order does to the units. */
  obey: (verb: UnitVerb, units: readonly string[]) => void = () => undefined;
  /** What an order does to the pools, and to the daemon itself. */
  act: (verb: "drain" | "resume" | "reexec" | "job") => void = () => undefined;
  readonly listeners = new Set<(event: StatusEvent) => void>();
  readonly reads = new EventTarget();

  async environments(): Promise<EnvironmentList> {
    return this.environmentList;
  }

  async syncEnvironment(): Promise<EnvironmentOrderResult> {
    this.asked.push(["env sync"]);
    return this.environmentOrder;
  }

  async rollBackEnvironment(): Promise<EnvironmentOrderResult> {
    this.asked.push(["env rollback"]);
    return this.environmentOrder;
  }

  runJob(name: string): JobOrderResult {
    this.asked.push(["job", name]);
    this.act("job");
    return this.jobOrder;
  }

  async backups(): Promise<BackupsResult> {
    return this.listed;
  }

  async verifyBackup(file: string): Promise<VerifyResult> {
    this.asked.push(["verify", file]);
    return this.verified;
  }

  restoreBackup(file: string): JobOrderResult {
    this.asked.push(["restore", file]);
    this.act("job");
    return this.jobOrder;
  }

  constructor(status: Status) {
    this.now = status;
  }

  status(): Status {
    this.reads.dispatchEvent(new Event("read"));
    return this.now;
  }

  metrics(): Promise<string> {
    return this.metricsText();
  }

  alive(): boolean {
    return this.isAlive;
  }

  async order(verb: UnitVerb, units: readonly string[]): Promise<OrderResult> {
    const known = this.now.units.map(({ name }) => name);
    const name = units.find((one) => !known.includes(one));
    if (name !== undefined) return { kind: "unknown-unit", name, known };
    this.orders.push([verb, units]);
    this.obey(verb, units);
    return { kind: "done", units };
  }

  async reload(): Promise<ReloadResult> {
    return this.reloaded;
  }

  async runs(): Promise<readonly RunStatus[]> {
    return this.flowRuns;
  }

  async cancelRun(run: string): Promise<CancelResult> {
    this.asked.push(["cancel", run]);
    return this.cancelled;
  }

  async recoverRuns(): Promise<RecoverResult> {
    this.asked.push(["recover"]);
    return this.recovered;
  }

  drain(pools: readonly string[], timeout: DrainTimeout): Promise<PoolOrderResult> {
    return this.#orderPools("drain", pools, timeout);
  }

  resume(pools: readonly string[]): Promise<PoolOrderResult> {
    return this.#orderPools("resume", pools);
  }

  async testNotify(target: string | undefined): Promise<NotifyTestResult> {
    this.asked.push(["notify", target]);
    return this.notified;
  }

  plan(): Promise<PlanResult> {
    this.asked.push(["plan"]);
    return Promise.resolve(this.planned);
  }

  apply(told: (event: ApplyEvent) => void): Promise<void> {
    this.asked.push(["apply"]);
    for (const event of this.applied) told(event);
    return Promise.resolve();
  }

  reexec(): ReexecResult {
    this.asked.push(["reexec"]);
    this.act("reexec");
    return this.replaced;
  }

  subscribe(listener: (event: StatusEvent) => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  /** The units from now on, and word of it. */
  become(...units: readonly UnitStatus[]): void {
    this.now = statusOf(units);
    this.say(units[0]?.name ?? "none");
  }

  /** The pools from now on, and word of it. */
  becomePools(...pools: readonly PoolStatus[]): void {
    this.now = { ...this.now, pools };
    this.say("server");
  }

  async #orderPools(
    verb: "drain" | "resume",
    pools: readonly string[],
    ...more: readonly unknown[]
  ): Promise<PoolOrderResult> {
    const known = this.now.pools.map(({ name }) => name);
    const name = pools.find((one) => !known.includes(one));
    if (name !== undefined) return { kind: "unknown-pool", name, known };
    if (this.refusal !== undefined) return this.refusal;
    this.asked.push([verb, pools, ...more]);
    this.act(verb);
    return { kind: "done", pools };
  }

  say(name: string, reason = "it changed"): void {
    const event = { at: "2026-01-01T12:00:00.000Z", unit: name, from: "starting", to: "running" };
    for (const listener of this.listeners) listener({ ...event, reason });
  }
}
