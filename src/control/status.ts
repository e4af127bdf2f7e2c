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
  /** What is wrong beside the units, each with its cure. */
  readonly problems: readonly Problem[];
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
  /** Where its output is. */
  readonly log: string;
}

export interface Problem {
  /** Stable, for machines: `deployment:monitor/monitor`. */
  readonly id: string;
  readonly what: string;
  readonly cure: string | null;
}
