/**
 * What the operator is shown: the shape of `status --json` and of `/api/v1/status`. `version` is
 * raised when a field changes its meaning or goes; new fields may come at any time.
 */
import type { ReasonCode, ShownState } from "../supervision/describe.ts";

export interface Status {
  readonly version: 1;
  readonly supervisor: SupervisorStatus;
  /** The verdict of /readyz: every wanted unit is ready and nothing else is in the way. */
  readonly ready: boolean;
  readonly units: readonly UnitStatus[];
  /** The pools that are managed here. */
  readonly pools: readonly PoolStatus[];
  /** What must hold beside the units: as declared, and the volume of PREFECT_HOME. */
  readonly checks: readonly CheckStatus[];
  /** What is done at set times, or was done by order. */
  readonly jobs: readonly JobStatus[];
  /** The Python environment that Prefect runs in; null where it is the one on PATH. */
  readonly environment: EnvironmentStatus | null;
  /** What is wrong beside the units, each with its cure. */
  readonly problems: readonly Problem[];
  /** What the daemon has said last, the newest first, at most 50: also before it was replaced. */
  readonly events: readonly EventEntry[];
}

export interface EventEntry {
  readonly at: string;
  readonly level: "info" | "notice" | "warn" | "error";
  /** One sentence or more, with the cause. */
  readonly text: string;
}

export interface SupervisorStatus {
  readonly version: string;
  readonly pid: number;
  /** ISO 8601, UTC, as all times here. */
  readonly startedAt: string;
  readonly phase: "starting" | "running" | "stopping";
  /** The configuration file in force; null for the defaults. */
  readonly config: string | null;
  readonly stateDir: string;
  /** Null where no server of ours or of others is configured. */
  readonly prefectApiUrl: string | null;
  readonly prefectUiUrl: string | null;
  readonly webUrl: string;
}

export interface UnitStatus {
  readonly name: string;
  readonly role: string;
  readonly pool: string | null;
  readonly desired: "up" | "down";
  readonly state: ShownState;
  readonly ready: boolean;
  readonly pid: number | null;
  readonly since: string;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  /** What comes next, or what the reader can do; null if nothing does. */
  readonly next: string | null;
  readonly startsAt: string | null;
  readonly restarts: number;
  /** Where its output is: a file; or, where it is in the journal, the command that shows it. */
  readonly log: string;
}

export interface PoolStatus {
  readonly name: string;
  readonly type: string;
  /** Whether it takes new flow runs. `drained`: it takes none, and none is left. */
  readonly intake: "open" | "draining" | "drained" | "paused";
  /** Who closed it and why; null for one that is open. */
  readonly why: string | null;
  readonly concurrencyLimit: number | null;
  /** Flow runs with a live process here. */
  readonly runs: number;
  /**
   * Flow runs whose time to start has passed; null if that is not known: it is looked up for two
   * minutes after somebody has read the status or the metrics.
   */
  readonly late: number | null;
  /** When the drain under way gives up waiting; null if it does not, or there is none. */
  readonly drainDeadline: string | null;
  /** Whether its flow runs live on when their worker goes. */
  readonly detached: boolean;
}

export interface CheckStatus {
  readonly name: string;
  /** What is looked at: `mount /home/ubuntu/arc`. */
  readonly what: string;
  /**
   * `warn` holds still. `hangs`: a look has had no answer, and cannot be ended. `unknown`: not looked
   * at yet, or it could not be looked at.
   */
  readonly state: "ok" | "warn" | "fail" | "hangs" | "unknown";
  readonly since: string;
  readonly reason: string;
  readonly next: string;
  /** Those that require it: they are closed while it fails or hangs. */
  readonly pools: readonly string[];
}

export interface JobStatus {
  /** `backup`, `retention`, `restore`, or one of the configuration's own. */
  readonly name: string;
  /** Null for one that is only done by order. */
  readonly cron: string | null;
  readonly timezone: string | null;
  /** `step`: what it is at. */
  readonly running: { readonly since: string; readonly step: string | null } | null;
  /** What came of it the last time, also under an earlier daemon. */
  readonly last: {
    readonly result: "succeeded" | "failed";
    readonly startedAt: string;
    readonly tookMs: number;
    /** Null if it has not failed. */
    readonly reason: "timeout" | "space" | "command" | "verify" | "other" | null;
    readonly message: string;
    readonly cure: string | null;
  } | null;
  readonly lastSuccess: string | null;
  readonly next: string | null;
}

export interface EnvironmentStatus {
  /** Where people find it: a link to the current one. */
  readonly path: string;
  /** The folder whose lock it follows; null: it is used as it is. */
  readonly project: string | null;
  /**
   * `waiting`: a new one is built, and cannot be switched to yet. `held`: an operator went back.
   * `hangs`: the project's folder does not answer.
   */
  readonly state:
    | "as-is"
    | "looking"
    | "building"
    | "waiting"
    | "in-step"
    | "held"
    | "failed"
    | "hangs";
  readonly since: string;
  readonly reason: string;
  readonly next: string | null;
  /** When a build that has failed is tried again. */
  readonly retryAt: string | null;
  /** Names of environments; null where there is none of ours. */
  readonly current: string | null;
  /** What `env rollback` goes back to. */
  readonly previous: string | null;
  readonly python: string | null;
  readonly prefect: string | null;
  /** Null as long as nothing is known of it. */
  readonly declared: { readonly lock: string; readonly lockHash: string } | null;
}

/** `previous`: the one that `env rollback` goes back to. `running`: an older one, with flow runs. */
export type EnvironmentUse = "current" | "previous" | "running" | "spare";

/** The shape of `env --json` and of `/api/v1/environments`; versioned as the status is. */
export interface EnvironmentList {
  readonly version: 1;
  readonly environment: EnvironmentStatus | null;
  /** The newest first. */
  readonly environments: readonly EnvironmentEntry[];
}

export interface EnvironmentEntry {
  readonly name: string;
  readonly path: string;
  readonly use: EnvironmentUse;
  /** Flow runs with a live process in it. */
  readonly runs: number;
  /** Null where that is not known. */
  readonly lockHash: string | null;
  readonly python: string | null;
  readonly prefect: string | null;
  readonly packages: number | null;
  readonly builtAt: string;
  /** Files that it shares with uv's cache count in full. */
  readonly bytes: number | null;
}

/** The shape of `backup list --json` and of `/api/v1/backups`; versioned as the status is. */
export interface BackupList {
  readonly version: 1;
  readonly directory: string;
  /** The newest first. */
  readonly backups: readonly BackupStatus[];
}

/** One that has passed its check: only then it got its name. */
export interface BackupStatus {
  readonly file: string;
  /** `prefect`, or the name of a further database. */
  readonly database: string;
  readonly takenAt: string;
  readonly bytes: number;
}

/** The shape of `runs --json` and of `/api/v1/runs`; versioned as the status is. */
export interface RunList {
  readonly version: 1;
  /** By pool, the oldest first. */
  readonly runs: readonly RunStatus[];
}

/** A flow run with a live process on this host. */
export interface RunStatus {
  readonly id: string;
  readonly name: string | null;
  readonly pool: string;
  readonly deployment: string | null;
  readonly pid: number;
  /** Prefect's name of its state; null as long as it is not known. */
  readonly state: string | null;
  /** Whether a worker looks after it, or the daemon alone does. */
  readonly attachment: "attached" | "orphaned";
  readonly startedAt: string;
  /** The folder of the Python environment that it runs in. */
  readonly environment: string;
  /** Where its output is: a file; or, where it is in the journal, the command that shows it. */
  readonly output: string | null;
  readonly rssBytes: number | null;
  readonly processes: number | null;
  /** What its reader should know: `is Failed in Prefect, its process lives on`. */
  readonly note: string | null;
}

export interface Problem {
  /** Stable, for machines: `deployment:monitor/monitor`. */
  readonly id: string;
  readonly what: string;
  readonly cure: string | null;
}
