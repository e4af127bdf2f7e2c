/** The families that tell of jobs and of backups. */
import type { Families } from "./family.ts";

const job = { job_name: "any" } as const;

export const jobFamilies = {
  sails_job_runs_total: {
    type: "counter",
    labels: job,
    help: "Runs of the scheduled job.",
    how: "event; those by order count too",
  },
  sails_job_failures_total: {
    type: "counter",
    labels: { ...job, reason: ["timeout", "space", "command", "verify", "other"] },
    help: "Runs of the scheduled job that failed.",
    how: "event",
  },
  sails_job_missed_total: {
    type: "counter",
    labels: job,
    help: "Runs that were due while the daemon did not run or was busy.",
    how: "event; however often a job was due while no daemon ran, it counts once",
  },
  sails_job_running: {
    type: "gauge",
    labels: job,
    help: "Whether the job runs now.",
    how: "read for scrapes",
  },
  sails_job_duration_seconds: {
    type: "gauge",
    labels: job,
    help: "Duration of the last run; absent before the first.",
    how: "state file",
  },
  sails_job_last_success_timestamp_seconds: {
    type: "gauge",
    labels: job,
    help: "Unix time of the last successful run; absent before the first.",
    how: "state file",
  },
  sails_job_next_run_timestamp_seconds: {
    type: "gauge",
    labels: job,
    help: "Unix time of the next run.",
    how: "scheduler",
  },
  sails_backup_size_bytes: {
    type: "gauge",
    labels: {},
    help: "Size of the last good backup; absent before the first.",
    how: "looked up after each backup, and at the start of the daemon",
  },
  sails_backup_last_success_timestamp_seconds: {
    type: "gauge",
    labels: {},
    help: "Unix time of the last backup that passed its integrity check; absent before the first.",
    how: "as its name tells",
  },
  sails_backups: {
    type: "gauge",
    labels: {},
    help: "Backups kept.",
    how: "looked up after each backup, and at the start of the daemon",
  },
} as const satisfies Families;
