/** Runs of this host that our launcher has not written down: those that their worker keeps to itself. */
import type { FlowRun } from "../api/flow-runs.ts";
import type { Answer } from "../api/transport.ts";
import { isWorkerName } from "../installation.ts";
import type { FoundRun } from "../ports.ts";
import type { GuardDeps } from "./guard-ports.ts";

export interface UnrecordedRun {
  readonly run: FlowRun;
  /** Undefined where there is none yet, or none any more. */
  readonly process: FoundRun | undefined;
}

export interface UnrecordedDeps extends Pick<GuardDeps, "registry" | "host"> {
  readonly api: Pick<GuardDeps["api"], "liveRuns">;
  readonly processes: Pick<GuardDeps["processes"], "find">;
}

/** Of what Prefect counts as live: it alone knows of them. */
export async function unrecordedRuns(
  { api, registry, processes, host }: UnrecordedDeps,
  pools: readonly string[],
  signal: AbortSignal,
): Promise<Answer<readonly UnrecordedRun[]>> {
  const live = await api.liveRuns(pools, signal);
  if (live.kind !== "ok") return live;
  registry.look();
  const recorded = new Set(
    registry.runs.flatMap(({ kind, record }) => (kind === "alive" ? record.flowRunId : [])),
  );
  const isOurs = ({ pool = "", workerName }: FlowRun): boolean =>
    workerName === undefined || isWorkerName(host.name, pool, workerName);
  const value = live.value
    .filter((run) => !recorded.has(run.id) && isOurs(run))
    .map((run) => ({ run, process: processes.find(run.id, run.infrastructurePid) }));
  return { kind: "ok", value };
}
