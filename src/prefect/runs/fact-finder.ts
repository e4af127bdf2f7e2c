/** Gathers what a decision about a run looks at: from the registry, from Prefect, from the machine. */
import type { FlowRun } from "../api/flow-runs.ts";
import type { Answer } from "../api/transport.ts";
import { isWorkerName } from "../installation.ts";
import type { FoundRun, RunProcess } from "../ports.ts";
import type { Case } from "./case.ts";
import type { Findings, LivingWorker, ProcessFacts, Question, RunFacts } from "./facts.ts";
import type { GuardDeps, GuardedPool, RunReference } from "./guard-ports.ts";
import { historyOf } from "./history.ts";

export type Read<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** Of this run nothing can be learnt now. */
  | { readonly kind: "refused"; readonly why: string }
  /** The server does not answer: to ask it about the next one is no use. */
  | { readonly kind: "away"; readonly why: string };

export type GoneRun = RunProcess & { readonly kind: "gone" };

export class FactFinder {
  readonly #deps: GuardDeps;

  constructor(deps: GuardDeps) {
    this.#deps = deps;
  }

  facts(it: Case, found: Findings): RunFacts {
    const { host, clock, workers } = this.#deps;
    const { run } = it;
    const pool = this.poolOf(it);
    const ofPool = workers().filter((worker) => worker.pool === pool.name);
    const process = this.#process(it, workers());
    return {
      run,
      isOurs: this.#isDeclared(pool.name) || this.processesOf(it).length > 0,
      process,
      seenSince: run === undefined ? clock.now() : it.seenSince(run, process, clock.now()),
      workers: ofPool,
      claimedBy: claimant(run, host.name, pool.name),
      policy: pool.policy,
      cancellation: process.kind === "alive" ? it.cancellationOf(process.pid) : undefined,
      host,
      found,
    };
  }

  #process(it: Case, workers: readonly LivingWorker[]): ProcessFacts {
    const all = this.processesOf(it);
    const alive = all.findLast(({ kind }) => kind === "alive");
    if (alive?.kind === "alive") {
      return { kind: "alive", pid: alive.record.pid, isOrphan: alive.isOrphan };
    }
    if (it.foundProcess !== undefined) {
      const { pid, parent } = it.foundProcess;
      return { kind: "alive", pid, isOrphan: !workers.some((worker) => worker.pid === parent) };
    }
    const gone = all.at(-1);
    if (gone?.kind !== "gone") return { kind: "never-seen" };
    const { pid, startedAt, workerPid } = gone.record;
    const isWorkerAlive =
      gone.why !== "other-boot" && workers.some((worker) => worker.pid === workerPid);
    return { kind: "gone", pid, startedAt, why: gone.why, isWorkerAlive };
  }

  /** Those that the registry knows, the latest last: a run that is started again has several. */
  processesOf({ id }: Case): readonly RunProcess[] {
    return this.#deps.registry.runs
      .filter(({ record }) => record.flowRunId === id)
      .toSorted((one, other) => one.record.startedAt.getTime() - other.record.startedAt.getTime());
  }

  goneProcessesOf(it: Case): readonly GoneRun[] {
    return this.processesOf(it).filter((process) => process.kind === "gone");
  }

  livingProcessOf(it: Case): Pick<FoundRun, "pid" | "startTime"> | undefined {
    return this.processesOf(it).findLast(({ kind }) => kind === "alive")?.record ?? it.foundProcess;
  }

  async read(it: Case, signal: AbortSignal): Promise<Read<FlowRun | "deleted">> {
    const answer = await this.#deps.api.run(it.id, signal);
    return understood(answer, (run) => run ?? "deleted");
  }

  async answer(it: Case, question: Question, signal: AbortSignal): Promise<Read<Findings>> {
    const { api, host, processes } = this.#deps;
    switch (question) {
      case "history":
        return understood(await api.stateHistory(it.id, signal), (states) => ({
          history: historyOf(states),
        }));
      case "errors":
        return understood(await api.errorsLogged(it.id, signal), (errors) => ({ errors }));
      case "other-workers": {
        const pool = this.poolOf(it).name;
        return understood(await api.workers(pool, signal), (workers) => ({
          otherWorkers: workers
            .filter(
              ({ name, status }) => status === "ONLINE" && !isWorkerName(host.name, pool, name),
            )
            .map(({ name }) => name),
        }));
      }
      case "process":
        this.search(it);
        return { kind: "ok", value: it.foundProcess === undefined ? { isSearched: true } : {} };
      case "death": {
        const record = this.goneProcessesOf(it).at(-1)?.record;
        return { kind: "ok", value: record ? { death: await processes.death(record) } : {} };
      }
      default:
        return question satisfies never;
    }
  }

  search(it: Case): void {
    const pid =
      it.foundProcess?.pid ?? (it.run === "deleted" ? undefined : it.run?.infrastructurePid);
    it.foundProcess = this.#deps.processes.find(it.id, pid);
  }

  reference(it: Case): RunReference {
    const name = it.run === "deleted" ? undefined : it.run?.name;
    return { id: it.id, name, pool: this.poolOf(it).name };
  }

  #isDeclared(pool: string): boolean {
    return this.#deps.pools().some(({ name }) => name === pool);
  }

  poolOf(it: Case): GuardedPool {
    const ofRun = it.run === "deleted" ? undefined : it.run?.pool;
    const name = ofRun ?? this.processesOf(it).at(-1)?.record.pool ?? "";
    const declared = this.#deps.pools().find((pool) => pool.name === name);
    return declared ?? { name, policy: { onCrash: "leave", maxReschedules: 0 }, strays: "report" };
  }
}

export function understood<T, U>(answer: Answer<T>, read: (value: T) => U): Read<U> {
  if (answer.kind === "ok") return { kind: "ok", value: read(answer.value) };
  return { kind: isOutage(answer) ? "away" : "refused", why: answer.why };
}

const isOutage = (answer: Exclude<Answer<never>, { kind: "ok" }>): boolean =>
  answer.kind === "unreachable" || answer.status >= 500 || answer.status === 401;

function claimant(run: Case["run"], host: string, pool: string): RunFacts["claimedBy"] {
  const name = run === "deleted" ? undefined : run?.workerName;
  if (name === undefined) return "nobody-known";
  return isWorkerName(host, pool, name) ? "us" : "others";
}
