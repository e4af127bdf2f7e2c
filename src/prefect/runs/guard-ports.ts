/** What the guard of runs needs, and whom it tells. */
import type { Clock } from "../../supervision/ports.ts";
import type { PrefectApi } from "../api/client.ts";
import type { FlowRunApi } from "../api/flow-runs.ts";
import type { RunProcess, RunProcesses, RunRecord, Strays } from "../ports.ts";
import type { Action } from "./decision.ts";
import type { LivingWorker, RunPolicy } from "./facts.ts";

export interface GuardDeps {
  readonly api: FlowRunApi & Pick<PrefectApi, "workers">;
  readonly clock: Clock;
  readonly wallClock: () => Date;
  readonly host: { readonly name: string; readonly bootedAt: Date };
  readonly pools: () => readonly GuardedPool[];
  /** Those of this host that live now. */
  readonly workers: () => readonly LivingWorker[];
  readonly registry: RunRegistryView;
  readonly processes: RunProcesses;
  readonly observer: GuardObserver;
}

/** Of type process: runs of other pools have no process here. */
export interface GuardedPool {
  readonly name: string;
  readonly policy: RunPolicy;
  readonly strays: "kill" | "report";
}

export interface RunRegistryView {
  readonly runs: readonly RunProcess[];
  /** Compares with what really lives, in case that an end was missed. */
  look(): void;
  forget(record: RunRecord): void;
}

export interface RunReference {
  readonly id: string;
  readonly name: string | undefined;
  readonly pool: string;
}

/** For the log and the metrics; called once for each thing, however often it is seen. */
export interface GuardObserver {
  /** `seconds`: since its process had gone, as far as that is known. */
  settled(run: RunReference, action: Action, why: string, seconds: number): void;
  signalled(run: RunReference, signal: "SIGTERM" | "SIGKILL", why: string): void;
  /** What was decided could not be done yet; it is tried again. */
  failed(run: RunReference, why: string): void;
  /** It looks wrong, and is left as it is. */
  left(run: RunReference, why: string): void;
  strays(run: RunReference, strays: Strays): void;
  /** All runs were looked at; or, if there is a `why`, they could not be. */
  swept(why: string | undefined): void;
}

export interface Settlement {
  readonly run: RunReference;
  readonly action: Action;
  readonly why: string;
}
