/** What the routes and the socket may ask of the daemon. `daemon.ts` implements it. */
import type { ApplyEvent, PlanReport } from "./plan.ts";
import type {
  BackupList,
  EnvironmentList,
  EnvironmentStatus,
  RunStatus,
  Status,
} from "./status.ts";

export interface ControlPlane {
  status(): Status;
  /** Prometheus' text format 0.0.4. */
  metrics(): Promise<string>;
  /** Whether the daemon's own loop makes progress; never of its children. */
  alive(): boolean;
  /** Units by exact name; each is checked before any is touched. Done when the next daemon would know of it. */
  order(verb: UnitVerb, units: readonly string[]): Promise<OrderResult>;
  reload(): Promise<ReloadResult>;
  /** The flow runs that have a process here: by pool, the oldest first. */
  runs(): Promise<readonly RunStatus[]>;
  /** By id, by the beginning of an id, or by name. Done when Prefect has been asked to cancel it. */
  cancelRun(run: string): Promise<CancelResult>;
  /** One sweep of the guardian of runs, now. */
  recoverRuns(): Promise<RecoverResult>;
  /** Pools by exact name; each is checked before any is touched. Done when none of them takes new runs. */
  drain(pools: readonly string[], timeout: DrainTimeout): Promise<PoolOrderResult>;
  /** Ends a drain, under way or over. Who else has paused a pool is not overruled. */
  resume(pools: readonly string[]): Promise<PoolOrderResult>;
  environments(): Promise<EnvironmentList>;
  /** Looks at the lock and builds what differs, also after a rollback. Done when that has ended. */
  syncEnvironment(): Promise<EnvironmentOrderResult>;
  /** At once; it stays so until the lock changes, or until an order to sync. */
  rollBackEnvironment(): Promise<EnvironmentOrderResult>;
  /** By name; it goes on after the answer, and the status tells how it ends. */
  runJob(name: string): JobOrderResult;
  backups(): Promise<BackupsResult>;
  /** Whether a backup is whole, and of use to the Prefect that is installed. */
  verifyBackup(file: string): Promise<VerifyResult>;
  /** Runs as the job `restore`. */
  restoreBackup(file: string): JobOrderResult;
  /** What differs between what is declared and what is, asked of Prefect now. Writes nothing. */
  plan(): Promise<PlanResult>;
  /** Makes it so, step by step; told of each, and at last that it is over. Goes on if nobody listens. */
  apply(told: (event: ApplyEvent) => void): Promise<void>;
  /** Sends one message to a target of `notify`, or to each of them; done when it is known what came of it. */
  testNotify(target: string | undefined): Promise<NotifyTestResult>;
  /** Replaces the daemon's own code; accepted before that begins. */
  reexec(): ReexecResult;
  /** Calls back after each change of a unit, until the signal aborts. */
  subscribe(listener: (event: StatusEvent) => void, signal: AbortSignal): void;
}

export type UnitVerb = "start" | "stop" | "restart";

export type OrderResult =
  | { readonly kind: "done"; readonly units: readonly string[] }
  | { readonly kind: "unknown-unit"; readonly name: string; readonly known: readonly string[] };

export type ReloadResult =
  | {
      readonly kind: "reloaded";
      readonly added: readonly string[];
      readonly changed: readonly string[];
      readonly removed: readonly string[];
      readonly warnings: readonly string[];
    }
  /** Nothing has changed: the configuration of before is in force. */
  | { readonly kind: "faulty"; readonly faults: readonly string[] };

/** In milliseconds; null: the pool's own limit, if it has one. */
export type DrainTimeout = number | null;

export type CancelResult =
  | { readonly kind: "done" }
  | { readonly kind: "unknown-run"; readonly run: string }
  | { readonly kind: "ambiguous"; readonly runs: readonly NamedRun[] }
  | Failed;

export type NamedRun = Pick<RunStatus, "id" | "name" | "pool">;

export type RecoverResult =
  | { readonly kind: "done"; readonly settled: readonly SettledRun[] }
  | Failed;

export interface SettledRun {
  /** Its id. */
  readonly run: string;
  readonly name: string | null;
  readonly pool: string;
  readonly action: "crashed" | "rescheduled" | "cancelled";
  readonly why: string;
}

export type PoolOrderResult =
  | { readonly kind: "done"; readonly pools: readonly string[] }
  | { readonly kind: "unknown-pool"; readonly name: string; readonly known: readonly string[] }
  | Failed;

export type EnvironmentOrderResult =
  | {
      readonly kind: "done";
      readonly environment: EnvironmentStatus;
      /** What comes of it that nobody may have wanted. */
      readonly warning: string | null;
    }
  | { readonly kind: "failed"; readonly why: string; readonly cure: string | null };

export type JobOrderResult =
  /** `since` tells this run from all others. */
  | { readonly kind: "started"; readonly job: string; readonly since: string }
  /** That job is under way, and this one cannot be begun before its end. */
  | { readonly kind: "busy"; readonly job: string; readonly since: string }
  | { readonly kind: "unknown-job"; readonly name: string; readonly known: readonly string[] };

export type BackupsResult = ({ readonly kind: "done" } & BackupList) | Failed;

export type VerifyResult =
  | {
      readonly kind: "done";
      readonly file: string;
      readonly format: "sqlite" | "postgres";
      readonly bytes: number;
      /** Of Prefect's tables. */
      readonly revision: string | null;
      /** Null where that is not known. */
      readonly flowRuns: number | null;
    }
  | { readonly kind: "refused"; readonly why: string; readonly cure: string | null };
export type PlanResult = PlanReport | Failed;

export type NotifyTestResult =
  | {
      readonly kind: "done";
      readonly targets: readonly {
        readonly name: string;
        readonly delivered: boolean;
        /** Null if it was delivered. */
        readonly why: string | null;
        readonly tookMs: number;
      }[];
    }
  | { readonly kind: "unknown-target"; readonly name: string; readonly known: readonly string[] };

export type ReexecResult = { readonly kind: "accepted" } | Failed;

/** Nothing was done, or not all of it; asking again does no harm. */
interface Failed {
  readonly kind: "failed";
  readonly why: string;
}

export interface StatusEvent {
  readonly at: string;
  readonly unit: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}
