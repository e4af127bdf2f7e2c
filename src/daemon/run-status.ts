/** Flow runs and pools as the operator is shown them. */
import type { Config, PoolConfig } from "../config/config.ts";
import type { PoolStatus, RunStatus } from "../control/status.ts";
import { readProcessTable, sampleProcessTree } from "../host/process-sample.ts";
import { startedAt } from "../host/processes.ts";
import { isDetached } from "../prefect/declared/pools.ts";
import type { Closure } from "../prefect/runs/closure.ts";
import type { GuardedRun } from "../prefect/runs/snapshot.ts";
import { formatSpan, ms } from "../supervision/time.ts";

/** By pool, the oldest first. */
export function runStatuses(runs: readonly GuardedRun[]): readonly RunStatus[] {
  const table = readProcessTable();
  return runs
    .flatMap(({ record, process, pid, ...run }): RunStatus[] => {
      if (pid === undefined || process === "gone") return [];
      const sample = sampleProcessTree(pid, table);
      const deployment = record?.deploymentName;
      return [
        {
          id: run.id,
          name: run.name ?? null,
          pool: run.pool,
          deployment: deployment ?? null,
          pid,
          state: run.state ?? null,
          // Of a process without a record it is not known; the worker that started it looks after it.
          attachment: process === "orphaned" ? "orphaned" : "attached",
          startedAt: (record?.startedAt ?? startedAt(pid) ?? new Date()).toISOString(),
          environment: record?.environment ?? "",
          output: record?.output ?? null,
          rssBytes: sample?.residentBytes ?? null,
          processes: sample?.processes ?? null,
          note: run.note ?? null,
        },
      ];
    })
    .toSorted(
      (one, other) =>
        one.pool.localeCompare(other.pool, "en", { numeric: true }) ||
        one.startedAt.localeCompare(other.startedAt),
    );
}

export interface PoolSources {
  readonly config: Config;
  readonly closureOf: (pool: string) => Closure | undefined;
  /** Whether Prefect last said that it is paused. */
  readonly isPaused: (pool: string) => boolean;
  /** What a pool requires and does not have, each as a sentence. */
  readonly failing: (pool: string) => readonly string[];
  /** Whether an operator has opened it all the same. */
  readonly isOverruled: (pool: string) => boolean;
  readonly runs: readonly GuardedRun[];
  readonly late: (pool: string) => number | undefined;
  readonly isStopping: boolean;
  readonly now: Date;
}

export function poolStatuses(sources: PoolSources): readonly PoolStatus[] {
  const { config, closureOf } = sources;
  return config.pools.map((pool) => {
    const runs = sources.runs.filter(
      (run) => run.pool === pool.name && run.pid !== undefined && run.process !== "gone",
    ).length;
    const closure = closureOf(pool.name);
    return {
      name: pool.name,
      type: pool.type,
      ...intakeOf(pool, closure, runs, sources),
      concurrencyLimit: pool.concurrencyLimit ?? null,
      runs,
      late: sources.late(pool.name) ?? null,
      drainDeadline: closure?.deadline ?? null,
      detached: isDetached(pool),
    };
  });
}

function intakeOf(
  { name }: PoolConfig,
  closure: Closure | undefined,
  runs: number,
  { isPaused, isStopping, failing, isOverruled, now }: PoolSources,
): Pick<PoolStatus, "intake" | "why"> {
  const since = closure === undefined ? "" : `${span(closure.since, now)} ago`;
  const also =
    closure !== undefined && !closure.isOurs ? "; an operator has paused it in Prefect, too" : "";
  if (closure?.reasons.includes("drain") === true) {
    const resume = `\`sails-supervisor resume ${name}\``;
    const end = closure.reasons.includes("check")
      ? `${resume} ends that; and ${listed(failing(name))}`
      : `${resume} opens it`;
    const why = `closed by a drain ${since}${also}; ${end}`;
    return { intake: runs > 0 ? "draining" : "drained", why };
  }
  if (closure !== undefined) {
    return { intake: "paused", why: `${whyClosed(closure, isStopping, failing(name))}${also}` };
  }
  if (isOverruled(name) && !isPaused(name)) {
    const why = `opened in Prefect by an operator, although ${listed(failing(name))}`;
    return { intake: "open", why };
  }
  return isPaused(name)
    ? { intake: "paused", why: "paused in Prefect, by an operator" }
    : { intake: "open", why: null };
}

const listed = (failing: readonly string[]): string =>
  failing.length === 0 ? "a check that is asked again" : failing.join("; ");

function whyClosed({ reasons }: Closure, isStopping: boolean, failing: readonly string[]): string {
  if (reasons.includes("check") && !isStopping) return `closed: ${listed(failing)}`;
  if (!reasons.includes("stop")) return "its worker is being replaced, for a moment";
  return isStopping
    ? "everything is being stopped"
    : "closed when everything was stopped; opens when Prefect's server is there";
}

const span = (since: string, now: Date): string =>
  formatSpan(ms(Math.max(0, now.getTime() - Date.parse(since))));
