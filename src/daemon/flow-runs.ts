/** The flow runs of this host: their processes, the keeper of them, and how they are shown and measured. */
import { hostname } from "node:os";
import type { Config } from "../config/config.ts";
import { systemClock, toWallClock } from "../host/clock.ts";
import { OomWitness } from "../host/oom-witness.ts";
import { readProcessTable, sampleProcessTree } from "../host/process-sample.ts";
import { bootedAt } from "../host/processes.ts";
import { RunLogs } from "../host/run-logs.ts";
import { HostRunProcesses } from "../host/run-processes.ts";
import { RunRegistry } from "../host/run-registry.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { PauseReason, RunsSnapshot } from "../metrics/runs-snapshot.ts";
import { runLogsDirectory, runsDirectory } from "../prefect/installation.ts";
import type { RunProcess } from "../prefect/ports.ts";
import type { LivingWorker } from "../prefect/runs/facts.ts";
import { ms } from "../supervision/time.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import type { UnitView } from "../supervision/unit-view.ts";
import type { Event } from "./events.ts";
import type { Memory } from "./memory.ts";
import { RunKeeper } from "./run-keeper.ts";
import { narrateRuns } from "./run-narrator.ts";

export interface FlowRunsDeps {
  readonly stateDir: string;
  /** Our own, if it is ours to divide. */
  readonly cgroup: string | undefined;
  readonly memory: Memory;
  readonly units: () => readonly UnitView[];
  readonly metrics: () => Pick<Metrics, "runs" | "hotRestarted">;
  readonly log: (level: "info" | "warn", message: string, event?: Event) => void;
  readonly setCondition: (name: string, blocker: Blocker | undefined) => void;
  /** The process of a run has gone. */
  readonly ended: () => void;
}

export class FlowRuns implements Disposable {
  readonly keeper: RunKeeper;
  readonly #deps: FlowRunsDeps;
  readonly #registry: RunRegistry;
  readonly #logs: RunLogs;
  readonly #oom: OomWitness;
  readonly #left = new AbortController();
  #isOpen = false;

  constructor(deps: FlowRunsDeps) {
    this.#deps = deps;
    const { stateDir, memory, log, setCondition } = deps;
    const report = (trouble: string): void => log("warn", trouble);
    this.#oom = new OomWitness(deps.cgroup);
    this.#logs = new RunLogs({ directory: runLogsDirectory(stateDir), report });
    this.#registry = new RunRegistry({
      directory: runsDirectory(stateDir),
      clock: systemClock,
      report,
      appeared: (run) => this.#appeared(run),
      ended: (run) => this.#ended(run),
    });
    this.keeper = new RunKeeper({
      clock: systemClock,
      wallClock: () => new Date(),
      host: { name: hostname(), bootedAt: bootedAt() },
      registry: this.#registry,
      processes: new HostRunProcesses({
        oom: this.#oom,
        living: (id) =>
          this.#registry.runs.flatMap(({ kind, record }) =>
            kind === "alive" && record.flowRunId === id ? record : [],
          ),
        endedAgo: ({ pid, startTime }) => {
          const run = this.#registry.runs.find(
            ({ record }) => record.pid === pid && record.startTime === startTime,
          );
          return ms(run?.kind === "gone" ? systemClock.now() - run.since : 0);
        },
        signal: this.#left.signal,
      }),
      workers: () => livingWorkers(deps.units()),
      closures: () => memory.now.closures,
      keepClosures: (closures) => memory.change({ closures: { ...closures } }),
      observer: narrateRuns({
        log,
        metrics: {
          settled: (...words) => deps.metrics().runs.settled(...words),
          failed: (...words) => deps.metrics().runs.failed(...words),
        },
      }),
      swept: () => this.#oom.look(),
      hotRestarted: (unit, took) => deps.metrics().hotRestarted(unit, took),
      log,
      setCondition,
    });
  }

  /** Knows all runs of before once it resolves. */
  async open(): Promise<void> {
    await this.#registry.open();
    this.#isOpen = true;
    void this.#logs.prune();
  }

  /** How many have a process. */
  get living(): number {
    return this.#registry.runs.filter(({ kind }) => kind === "alive").length;
  }

  /** Whether the kernel has just killed somebody for memory. */
  get outOfMemory(): boolean {
    return this.#oom.hasKilled(undefined) !== "no";
  }

  /** The folder of the Python environment of each that has a process. */
  get environments(): readonly string[] {
    return this.#registry.runs.flatMap(({ kind, record }) =>
      kind === "alive" ? [record.environment] : [],
    );
  }

  snapshot(pools: Config["pools"]): RunsSnapshot {
    const { runs } = this.#registry;
    // All processes of the machine: a scrape that has no run to tell of need not look.
    const table = runs.some(({ kind }) => kind === "alive") ? readProcessTable() : [];
    return {
      pools: pools.map(({ name }) => {
        const closure = this.keeper.closureOf(name);
        const pausedFor = (closure?.reasons ?? []).flatMap((reason): PauseReason[] =>
          reason === "hot-restart" ? [] : [reason],
        );
        const deadline = closure?.deadline;
        return {
          name,
          pausedFor,
          drainDeadline: deadline === undefined ? undefined : new Date(deadline),
        };
      }),
      runs: runs.flatMap((run) => {
        if (run.kind === "gone") return [];
        const { flowRunId, pid, pool, startedAt } = run.record;
        const attachment = run.isOrphan ? "orphaned" : "attached";
        const usage = sampleProcessTree(pid, table);
        return [{ key: `${flowRunId}.${pid}`, pool, attachment, startedAt, usage }];
      }),
      dead: runs.flatMap((run) =>
        run.kind === "gone" ? [{ pool: run.record.pool, since: run.since }] : [],
      ),
    };
  }

  /** Of what is under way, nothing goes on: the next daemon begins with a look at everything. */
  [Symbol.dispose](): void {
    this.#left.abort();
    this.keeper[Symbol.dispose]();
    this.#registry[Symbol.dispose]();
    this.#logs[Symbol.dispose]();
  }

  #appeared(run: RunProcess): void {
    if (run.kind === "alive") this.#logs.follow(run.record);
    if (this.#isOpen) this.#deps.metrics().runs.started(run.record.pool);
  }

  #ended(run: RunProcess): void {
    const { record } = run;
    void this.#logs.unfollow(record);
    const reason = this.#oom.hasKilled(record.cgroup) === "no" ? "unknown" : "oom";
    this.#deps.metrics().runs.ended(record.pool, reason);
    this.keeper.runEnded(run);
    this.#deps.ended();
  }
}

function livingWorkers(units: readonly UnitView[]): readonly LivingWorker[] {
  return units.flatMap(({ spec: { labels }, state: { phase }, pid }) => {
    const { pool, worker } = labels;
    if (pid === undefined || pool === undefined || worker === undefined) return [];
    if (!("spawnedAt" in phase)) return [];
    return [{ pool, name: worker, pid, startedAt: toWallClock(phase.spawnedAt) }];
  });
}
