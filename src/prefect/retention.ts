/**
 * Deletes what is old, as much of it as the configuration says, and slowly: a server on SQLite
 * writes one thing at a time. Events only the server itself can delete: `retentionEnvironment`.
 */
import type { EnvironmentVariables, RetentionConfig } from "../config/config.ts";
import type { HousekeepingApi } from "./api/housekeeping.ts";

export interface RetentionPorts {
  readonly api: Omit<HousekeepingApi, "findDeployment" | "runDeployment">;
  readonly now: () => Date;
  /** Between two deletions. Never rejects; an abort ends it early. */
  readonly pause: (signal: AbortSignal) => Promise<void>;
  readonly step: (words: string) => void;
}

export interface Swept {
  readonly runs: number;
  readonly workers: number;
  /** Why it is not the whole; undefined if it is. */
  readonly trouble: string | undefined;
}

/**
 * What makes the server do it itself, as far as its version can: an older Prefect does not know the
 * second and third, and takes no offence.
 */
export function retentionEnvironment({
  events,
  runs,
}: Pick<RetentionConfig, "events" | "runs">): EnvironmentVariables {
  const seconds = (span: number): number => Math.ceil(span / 1000);
  return {
    ...(events === undefined
      ? {}
      : { PREFECT_SERVER_EVENTS_RETENTION_PERIOD: `PT${seconds(events)}S` }),
    ...(runs === undefined
      ? {}
      : {
          PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED: "events,flow_runs",
          // An hour or less Prefect refuses, and does not start.
          PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD: String(
            Math.max(leastSeconds, seconds(runs)),
          ),
        }),
  };
}

const leastSeconds = 3_601;

export async function sweepOld(
  { runs, offlineWorkers }: Pick<RetentionConfig, "runs" | "offlineWorkers">,
  ports: RetentionPorts,
  signal: AbortSignal,
): Promise<Swept> {
  const before = (span: number): Date => new Date(ports.now().getTime() - span);
  const none: Part = { count: 0, trouble: undefined };
  const ofRuns = runs === undefined ? none : await sweepRuns(before(runs), ports, signal);
  const ofWorkers =
    offlineWorkers === undefined || ofRuns.trouble !== undefined
      ? none
      : await sweepWorkers(before(offlineWorkers), ports, signal);
  return {
    runs: ofRuns.count,
    workers: ofWorkers.count,
    trouble: ofRuns.trouble ?? ofWorkers.trouble,
  };
}

interface Part {
  readonly count: number;
  readonly trouble: string | undefined;
}

async function sweepRuns(
  before: Date,
  { api, pause, step }: RetentionPorts,
  signal: AbortSignal,
): Promise<Part> {
  let count = 0;
  // Those whose deletion had no effect must not be asked for again and again.
  const done = new Set<string>();
  for (;;) {
    const found = await api.endedRuns(before, signal);
    if (found.kind !== "ok") return { count, trouble: found.why };
    const fresh = found.value.filter((id) => !done.has(id));
    if (fresh.length === 0) return { count, trouble: undefined };
    for (const id of fresh) {
      const answer = await api.deleteRun(id, signal);
      if (answer.kind !== "ok") return { count, trouble: answer.why };
      done.add(id);
      count += 1;
      step(`${count} flow runs deleted`);
      await pause(signal);
      if (signal.aborted) return { count, trouble: undefined };
    }
  }
}

async function sweepWorkers(
  before: Date,
  { api, pause, step }: RetentionPorts,
  signal: AbortSignal,
): Promise<Part> {
  const pools = await api.poolNames(signal);
  if (pools.kind !== "ok") return { count: 0, trouble: pools.why };
  let count = 0;
  for (const pool of pools.value) {
    const found = await api.offlineWorkers(pool, signal);
    if (found.kind !== "ok") return { count, trouble: found.why };
    for (const { name, lastSeen } of found.value) {
      if (lastSeen === undefined || lastSeen >= before) continue;
      const answer = await api.deleteWorker(pool, name, signal);
      if (answer.kind !== "ok") return { count, trouble: answer.why };
      count += 1;
      step(`${count} workers deleted`);
      await pause(signal);
      if (signal.aborted) return { count, trouble: undefined };
    }
  }
  return { count, trouble: undefined };
}
