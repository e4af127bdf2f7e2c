/** The flow runs of this host as people see them, and how many of them lie. */
import type { RunProcess, RunRecord } from "../ports.ts";
import type { Case } from "./case.ts";

export interface GuardedRun {
  readonly id: string;
  /** Undefined until Prefect has told it. */
  readonly name: string | undefined;
  readonly pool: string;
  readonly deploymentId: string | undefined;
  /** The name of its state in Prefect, as far as it has told it. */
  readonly state: string | undefined;
  readonly process: "attached" | "orphaned" | "gone" | "unknown";
  readonly pid: number | undefined;
  /** Undefined where our launcher did not start it. */
  readonly record: RunRecord | undefined;
  readonly note: string | undefined;
}

/** All processes that live, and of the others those with which something is not in order. */
export function guardedRuns(
  processes: readonly RunProcess[],
  cases: Iterable<Case>,
): readonly GuardedRun[] {
  const known = new Map([...cases].map((it) => [it.id, it]));
  const recorded = latest(processes);
  const ofRecords = recorded.map((process) =>
    rowOf(process.record.flowRunId, known.get(process.record.flowRunId), process),
  );
  const ids = new Set(recorded.map(({ record }) => record.flowRunId));
  const unrecorded = [...known.values()].filter(
    (it) => !ids.has(it.id) && (it.foundProcess !== undefined || noteOf(it) !== undefined),
  );
  return [...ofRecords, ...unrecorded.map((it) => rowOf(it.id, it, undefined))];
}

export function unsettledPerPool(
  processes: readonly RunProcess[],
  cases: Iterable<Case>,
): ReadonlyMap<string, number> {
  const gone = latest(processes).filter(({ kind }) => kind === "gone");
  const pools = new Map(gone.map(({ record }) => [record.flowRunId, record.pool]));
  for (const { id, run, decision } of cases) {
    const isDead = decision?.kind === "wait" && decision.waitFor === "report";
    if (isDead && run !== undefined && run !== "deleted") pools.set(id, run.pool ?? "");
  }
  const counts = new Map<string, number>();
  for (const pool of pools.values()) counts.set(pool, (counts.get(pool) ?? 0) + 1);
  return counts;
}

/** One for each run: that which lives, or the one that was started last. */
function latest(processes: readonly RunProcess[]): readonly RunProcess[] {
  const rank = ({ kind, record }: RunProcess): number =>
    kind === "alive" ? Number.POSITIVE_INFINITY : record.startedAt.getTime();
  const best = new Map<string, RunProcess>();
  for (const process of processes) {
    const other = best.get(process.record.flowRunId);
    if (other === undefined || rank(process) >= rank(other)) {
      best.set(process.record.flowRunId, process);
    }
  }
  return [...best.values()];
}

function rowOf(id: string, it: Case | undefined, process: RunProcess | undefined): GuardedRun {
  const run = it?.run === "deleted" ? undefined : it?.run;
  return {
    id,
    name: run?.name,
    pool: process?.record.pool ?? run?.pool ?? "",
    deploymentId: run?.deploymentId,
    state: it?.run === "deleted" ? "deleted" : run?.state.name,
    process: attachmentOf(process),
    pid: process?.record.pid ?? it?.foundProcess?.pid,
    record: process?.record,
    note: it && noteOf(it),
  };
}

function attachmentOf(process: RunProcess | undefined): GuardedRun["process"] {
  if (process === undefined) return "unknown";
  if (process.kind === "gone") return "gone";
  return process.isOrphan ? "orphaned" : "attached";
}

function noteOf({ decision }: Case): string | undefined {
  if (decision === undefined) return undefined;
  switch (decision.kind) {
    case "nothing":
      return decision.note;
    case "wait":
    case "leave":
    case "set-state":
    case "signal":
      return decision.why;
    case "over":
      return decision.report;
    case "ask":
      return undefined;
    default:
      return decision satisfies never;
  }
}
