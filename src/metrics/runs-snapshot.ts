/** What the metrics are handed of flow runs and their pools for a scrape. */
import type { Millis } from "../supervision/time.ts";
import type { Labels } from "./catalogue.ts";
import type { CpuTimes } from "./cpu-account.ts";

export interface RunsSnapshot {
  /** Those of ours. What is in others is not told of, and one that is gone from here takes its series along. */
  readonly pools: readonly PoolSnapshot[];
  /** With a live process. */
  readonly runs: readonly RunSnapshot[];
  /** That the server counts as live, and that have none. */
  readonly dead: readonly DeadRun[];
}

export type PauseReason = Labels<"sails_pool_paused_by_supervisor">["reason"];

export interface PoolSnapshot {
  readonly name: string;
  /** Why the daemon has paused it; empty if it has not. */
  readonly pausedFor: readonly PauseReason[];
  readonly drainDeadline: Date | undefined;
}

export interface RunSnapshot {
  /** Of one process, for as long as it lives: `FLOW_RUN_ID.PID`. */
  readonly key: string;
  readonly pool: string;
  readonly attachment: Labels<"sails_run_processes">["attachment"];
  readonly startedAt: Date;
  /** Of all its processes; undefined where we may not look. */
  readonly usage: RunUsage | undefined;
}

export interface RunUsage extends CpuTimes {
  readonly residentBytes: number;
}

export interface DeadRun {
  readonly pool: string;
  /** Since when it has had no process. */
  readonly since: Millis;
}

export const noRuns: RunsSnapshot = { pools: [], runs: [], dead: [] };
