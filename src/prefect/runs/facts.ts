/** What is known of one flow run at one moment: all that a decision about it may look at. */
import type { Millis } from "../../supervision/time.ts";
import type { FlowRun } from "../api/flow-runs.ts";
import type { Death } from "../ports.ts";
import type { RunHistory } from "./history.ts";

export interface RunFacts {
  /** Undefined while Prefect has not been asked, `deleted` if it knows no such run any more. */
  readonly run: FlowRun | "deleted" | undefined;
  /** Its pool is one that we keep, or its process was started by our launcher. */
  readonly isOurs: boolean;
  readonly process: ProcessFacts;
  /** Since when this state and this process have been seen together, with a server that answered. */
  readonly seenSince: Millis;
  /** The workers of its pool that live on this host. */
  readonly workers: readonly LivingWorker[];
  /** Of the worker that Prefect says has claimed it last. */
  readonly claimedBy: "us" | "others" | "nobody-known";
  readonly policy: RunPolicy;
  /** What was done to end its process, because it is to be cancelled. */
  readonly cancellation: Cancellation | undefined;
  readonly host: { readonly name: string; readonly bootedAt: Date };
  readonly found: Findings;
}

export type ProcessFacts = { readonly kind: "never-seen" } | Alive | Gone;

export interface Alive {
  readonly kind: "alive";
  readonly pid: number;
  readonly isOrphan: boolean;
}

export interface Gone {
  readonly kind: "gone";
  readonly pid: number;
  readonly startedAt: Date;
  readonly why: "ended" | "other-boot" | "stranger";
  /** Its parent lives, and will report how it ended. */
  readonly isWorkerAlive: boolean;
}

export interface LivingWorker {
  readonly pool: string;
  readonly name: string;
  readonly pid: number;
  readonly startedAt: Date;
}

export interface RunPolicy {
  /** Of a run that had reached Running. */
  readonly onCrash: "leave" | "reschedule";
  readonly maxReschedules: number;
}

export interface Cancellation {
  readonly termAt: Millis;
  readonly isKilled: boolean;
}

/** What costs a look of its own, and is looked for only when a decision asks for it. */
export interface Findings {
  readonly history?: RunHistory;
  /** No process of this host bears the mark of the run in its environment. */
  readonly isSearched?: true;
  /** The workers of other hosts that Prefect holds for online. */
  readonly otherWorkers?: readonly string[];
  readonly death?: Death;
  /** What its own process logged as an error. */
  readonly errors?: readonly string[];
}

/** `process`: search all processes of this host for one of this run. */
export type Question = "history" | "process" | "other-workers" | "death" | "errors";

export interface Moment {
  readonly now: Millis;
  /** The wall clock, which the timestamps of Prefect are of. */
  readonly date: Date;
}
