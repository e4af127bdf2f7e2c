/** Counts what becomes of jobs, and sets for a scrape what they are like at this moment. */
import type { Labels } from "./catalogue.ts";
import type { MetricRegistry } from "./registry.ts";

export type JobFailureReason = Labels<"sails_job_failures_total">["reason"];

/** Times are Unix times in seconds; undefined for what there is not. */
export interface JobSnapshot {
  readonly name: string;
  readonly isRunning: boolean;
  readonly lastDuration: number | undefined;
  readonly lastSuccess: number | undefined;
  readonly next: number | undefined;
}

export interface BackupsSnapshot {
  readonly count: number;
  readonly newest: { readonly bytes: number; readonly takenAt: number } | undefined;
}

export interface JobsSnapshot {
  readonly jobs: readonly JobSnapshot[];
  /** Undefined as long as nobody has looked. */
  readonly backups: BackupsSnapshot | undefined;
}

export const noJobs: JobsSnapshot = { jobs: [], backups: undefined };

export class JobMetrics {
  readonly #registry: MetricRegistry;
  readonly #look: () => JobsSnapshot;
  #names: ReadonlySet<string> = new Set();

  constructor(registry: MetricRegistry, look: () => JobsSnapshot) {
    this.#registry = registry;
    this.#look = look;
  }

  began(name: string): void {
    this.#declare();
    if (this.#names.has(name)) this.#registry.inc("sails_job_runs_total", { job_name: name });
  }

  failed(name: string, reason: JobFailureReason): void {
    if (this.#names.has(name))
      this.#registry.inc("sails_job_failures_total", { job_name: name, reason });
  }

  missed(name: string): void {
    this.#declare();
    if (this.#names.has(name)) this.#registry.inc("sails_job_missed_total", { job_name: name });
  }

  collect(): void {
    this.#declare();
    const registry = this.#registry;
    const { jobs, backups } = this.#look();
    for (const { name, isRunning, lastDuration, lastSuccess, next } of jobs) {
      const labels = { job_name: name };
      registry.set("sails_job_running", labels, isRunning ? 1 : 0);
      registry.set("sails_job_duration_seconds", labels, lastDuration);
      registry.set("sails_job_last_success_timestamp_seconds", labels, lastSuccess);
      registry.set("sails_job_next_run_timestamp_seconds", labels, next);
    }
    registry.set("sails_backups", {}, backups?.count);
    registry.set("sails_backup_size_bytes", {}, backups?.newest?.bytes);
    registry.set("sails_backup_last_success_timestamp_seconds", {}, backups?.newest?.takenAt);
  }

  /** One that is gone from the configuration takes its series along. */
  #declare(): void {
    const before = this.#names;
    this.#names = new Set(this.#look().jobs.map(({ name }) => name));
    for (const name of before.difference(this.#names)) this.#registry.drop({ job_name: name });
    for (const name of this.#names.difference(before)) this.#registry.zero({ job_name: name });
  }
}
