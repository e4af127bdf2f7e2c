import type {
  ControlPlane,
  OrderResult,
  ReloadResult,
  StatusEvent,
  UnitVerb,
} from "../../../src/control/control-plane.ts";
import { isReady } from "../../../src/control/readiness.ts";
import type { Status, UnitStatus } from "../../../src/control/status.ts";

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
  return { version: 1, supervisor, ready, units, problems: [], ...changes };
}

/** A daemon without units of its own: the test says what they do. */
export class FakePlane implements ControlPlane {
  now: Status;
  isAlive = true;
  readonly orders: (readonly [UnitVerb, readonly string[]])[] = [];
  reloaded: ReloadResult = { kind: "reloaded", added: [], changed: [], removed: [], warnings: [] };
  metricsText = async (): Promise<string> => "sails_up 1\n";
  /** What an order does to the units. */
  obey: (verb: UnitVerb, units: readonly string[]) => void = () => undefined;
  readonly listeners = new Set<(event: StatusEvent) => void>();
  readonly reads = new EventTarget();

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

  order(verb: UnitVerb, units: readonly string[]): OrderResult {
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

  subscribe(listener: (event: StatusEvent) => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  /** The units from now on, and word of it. */
  become(...units: readonly UnitStatus[]): void {
    this.now = statusOf(units);
    this.say(units[0]?.name ?? "none");
  }

  say(name: string, reason = "it changed"): void {
    const event = { at: "2026-01-01T12:00:00.000Z", unit: name, from: "starting", to: "running" };
    for (const listener of this.listeners) listener({ ...event, reason });
  }
}
