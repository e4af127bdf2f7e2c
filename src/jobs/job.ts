/** What a job is, what came of it, and what is remembered of it. */
import type { Millis } from "../supervision/time.ts";

export interface Job {
  readonly name: string;
  /** What else it is, as text: while that stays the same, a new configuration does not disturb it. */
  readonly spec: string;
  /** Undefined: only by order. */
  readonly times: { readonly cron: string; readonly timezone: string } | undefined;
  /** Whether one that was cut short by the end of the daemon is begun again by the next. */
  readonly isRepeatable: boolean;
  readonly perform: (run: JobRun) => Promise<JobOutcome>;
}

export interface JobRun {
  /** When it was due; for an order, now. The same for a repetition of the same. */
  readonly due: Date;
  readonly signal: AbortSignal;
  /** What it is at, for who looks at it. */
  readonly step: (words: string) => void;
}

export type JobFailure = "timeout" | "space" | "command" | "verify" | "other";

export type JobOutcome =
  | { readonly kind: "succeeded"; readonly message: string }
  | {
      readonly kind: "failed";
      readonly reason: JobFailure;
      readonly message: string;
      readonly cure: string | undefined;
    };

export type JobResult = JobOutcome & { readonly startedAt: Date; readonly took: Millis };

/** Survives the daemon. */
export interface RememberedJob {
  /** Of which times `next` is one. */
  readonly cron: string | undefined;
  readonly timezone: string | undefined;
  /** The next time that nobody has seen to yet. */
  readonly next: Date | undefined;
  /** When the one under way was due. */
  readonly running: Date | undefined;
  readonly last: JobResult | undefined;
  readonly lastSuccess: Date | undefined;
}

export const nothingRemembered: RememberedJob = {
  cron: undefined,
  timezone: undefined,
  next: undefined,
  running: undefined,
  last: undefined,
  lastSuccess: undefined,
};
