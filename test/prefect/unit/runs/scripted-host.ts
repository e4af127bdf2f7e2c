/** A host whose flow runs start and end as the test says, under the eyes of a guard. */
import type {
  Death,
  FoundRun,
  RunProcess,
  RunProcesses,
  RunRecord,
  Strays,
} from "../../../../src/prefect/ports.ts";
import type { LivingWorker } from "../../../../src/prefect/runs/facts.ts";
import { RunGuard } from "../../../../src/prefect/runs/guard.ts";
import type {
  GuardedPool,
  GuardObserver,
  RunRegistryView,
} from "../../../../src/prefect/runs/guard-ports.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";
import { at } from "./given.ts";
import { ScriptedPrefect } from "./scripted-prefect.ts";

export const guardedPool = (name: string, changes: Partial<GuardedPool> = {}): GuardedPool => ({
  name,
  policy: { onCrash: "leave", maxReschedules: 2 },
  strays: "kill",
  ...changes,
});

export class ScriptedHost implements RunRegistryView, RunProcesses, Disposable {
  readonly clock = new VirtualClock();
  readonly prefect = new ScriptedPrefect(() => this.date());
  readonly guard: RunGuard;
  /** What the guard has told, in order. */
  readonly told: string[] = [];
  readonly signals: string[] = [];
  readonly strayCalls: string[] = [];
  pools: GuardedPool[] = [guardedPool("runs")];
  workers: LivingWorker[] = [];
  runs: RunProcess[] = [];
  /** Processes that have no record, by run. */
  readonly unrecorded = new Map<string, FoundRun>();
  /** Runs that heed SIGKILL only. */
  readonly deaf = new Set<string>();
  /** Ends that the registry has missed: it sees them when it looks. */
  readonly missed: string[] = [];
  death_: Death = { outOfMemory: "no", exit: undefined };
  strays_: Strays = { found: 0, left: [] };
  #pid = 1000;

  constructor() {
    this.guard = new RunGuard({
      api: this.prefect,
      clock: this.clock,
      wallClock: () => this.date(),
      host: { name: "vm1", bootedAt: at(-600) },
      pools: () => this.pools,
      workers: () => this.workers,
      registry: this,
      processes: this,
      observer: this.#observer(),
    });
  }

  date(): Date {
    return at(this.clock.now() / 1000);
  }

  /** The worker that claimed it, or one that has died since. */
  start(flowRunId: string, changes: Partial<RunRecord> & { isOrphan?: boolean } = {}): RunRecord {
    const { isOrphan = true, ...rest } = changes;
    this.#pid += 1;
    const record: RunRecord = {
      flowRunId,
      pool: "runs",
      pid: this.#pid,
      startTime: this.#pid * 10,
      bootId: "boot",
      workerPid: 50,
      startedAt: this.date(),
      environment: "/opt/env",
      output: "journal",
      cgroup: undefined,
      ...rest,
    };
    this.runs = [...this.runs, { record, kind: "alive", isOrphan }];
    return record;
  }

  end(flowRunId: string, why: "ended" | "other-boot" | "stranger" = "ended"): void {
    const alive = this.runs.find(
      (run) => run.kind === "alive" && run.record.flowRunId === flowRunId,
    );
    if (alive === undefined) return;
    const ended: RunProcess = { record: alive.record, kind: "gone", since: this.clock.now(), why };
    this.runs = this.runs.map((run) => (run === alive ? ended : run));
    this.guard.runEnded(ended);
  }

  look(): void {
    for (const id of this.missed.splice(0)) this.end(id);
  }

  forget(record: RunRecord): void {
    this.runs = this.runs.filter((run) => run.record !== record);
  }

  find(flowRunId: string): FoundRun | undefined {
    return this.unrecorded.get(flowRunId);
  }

  signal(process: Pick<FoundRun, "pid" | "startTime">, signal: "SIGTERM" | "SIGKILL"): void {
    this.signals.push(`${signal} ${process.pid} at ${this.clock.now() / 1000}`);
    const id = this.runs.find(({ record }) => record.pid === process.pid)?.record.flowRunId;
    if (id === undefined || (signal === "SIGTERM" && this.deaf.has(id))) return;
    if (signal === "SIGTERM") {
      const message = "Execution was aborted by a termination signal.";
      if (!this.prefect.isAway) this.prefect.move(id, "CRASHED", { message });
    }
    // Not from inside this call: who signals does not hear of the end before that returns.
    queueMicrotask(() => this.end(id));
  }

  death(): Promise<Death> {
    return Promise.resolve(this.death_);
  }

  strays(record: RunRecord, policy: "kill" | "report"): Promise<Strays> {
    this.strayCalls.push(`${policy} ${record.flowRunId}`);
    return Promise.resolve(this.strays_);
  }

  [Symbol.dispose](): void {
    this.guard[Symbol.dispose]();
  }

  #observer(): GuardObserver {
    const tell = (words: string): void => void this.told.push(words);
    return {
      settled: (run, action, why, seconds) => tell(`${run.id} ${action} after ${seconds}: ${why}`),
      signalled: (run, signal, why) => tell(`${run.id} ${signal}: ${why}`),
      failed: (run, why) => tell(`${run.id} failed: ${why}`),
      left: (run, why) => tell(`${run.id} left: ${why}`),
      strays: (run, { found, left }) => tell(`${run.id} strays: ${found}, left ${left.length}`),
      swept: (why) => (why === undefined ? undefined : tell(`not swept: ${why}`)),
    };
  }
}
