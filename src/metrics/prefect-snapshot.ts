/** What the metrics are handed of Prefect's state for a scrape: as its API told it last. */
import type { Labels, StateOf } from "./catalogue.ts";

export type FlowRunState = Labels<"sails_prefect_flow_runs">["state"];
export type EndState = Labels<"sails_prefect_flow_runs_finished_total">["state"];

export interface PrefectSnapshot {
  readonly version: string | undefined;
  readonly pools: readonly WorkPoolSnapshot[];
  readonly queues: readonly WorkQueueSnapshot[];
  readonly workers: readonly WorkerSnapshot[];
  /** Undefined: not known yet. */
  readonly stalledSchedules: number | undefined;
}

export interface WorkPoolSnapshot {
  readonly name: string;
  readonly type: string;
  readonly status: StateOf<"sails_prefect_work_pool_status">;
  readonly isPaused: boolean;
  readonly limit: number | undefined;
  readonly activeSlots: number | undefined;
  /** Undefined of pools that are not declared. */
  readonly runs: Readonly<Record<FlowRunState, number>> | undefined;
  readonly workers: { readonly online: number; readonly offline: number } | undefined;
  readonly oldestLate: Date | undefined;
}

export interface WorkQueueSnapshot {
  readonly pool: string;
  readonly name: string;
  readonly isPaused: boolean;
  readonly lastPolled: Date | undefined;
}

/** Of the workers that are units of ours. */
export interface WorkerSnapshot {
  readonly unit: string;
  readonly pool: string;
  readonly lastHeartbeat: Date;
}

export interface VolumesSnapshot {
  readonly volumes: readonly {
    readonly volume: Labels<"sails_volume_size_bytes">["volume"];
    readonly size: number;
    readonly free: number;
  }[];
  readonly database: { readonly main: number | undefined; readonly wal: number | undefined };
}

/** Undefined: nothing is known, or what is known is too old. */
export interface Collected {
  readonly prefect: PrefectSnapshot | undefined;
  readonly volumes: VolumesSnapshot | undefined;
}

export const nothingCollected: Collected = { prefect: undefined, volumes: undefined };
