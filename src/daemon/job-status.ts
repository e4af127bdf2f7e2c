/** A job as its operators see it. */
import type { JobStatus } from "../control/status.ts";
import type { JobResult } from "../jobs/job.ts";
import type { JobEvent, JobView } from "../jobs/job-runner.ts";
import type { JobMetrics, JobSnapshot } from "../metrics/job-metrics.ts";

export const jobStatus = ({
  name,
  times,
  running,
  last,
  lastSuccess,
  next,
}: JobView): JobStatus => ({
  name,
  cron: times?.cron ?? null,
  timezone: times?.timezone ?? null,
  running:
    running === undefined
      ? null
      : { since: running.since.toISOString(), step: running.step ?? null },
  last: last === undefined ? null : resultStatus(last),
  lastSuccess: lastSuccess?.toISOString() ?? null,
  next: next?.toISOString() ?? null,
});

export const resultStatus = (result: JobResult): NonNullable<JobStatus["last"]> => ({
  result: result.kind,
  startedAt: result.startedAt.toISOString(),
  tookMs: Math.round(result.took),
  reason: result.kind === "failed" ? result.reason : null,
  message: result.message,
  cure: result.kind === "failed" ? (result.cure ?? null) : null,
});

export const jobSnapshot = ({ name, running, last, lastSuccess, next }: JobView): JobSnapshot => ({
  name,
  isRunning: running !== undefined,
  lastDuration: last && last.took / 1000,
  lastSuccess: unixSeconds(lastSuccess),
  next: unixSeconds(next),
});

const unixSeconds = (at: Date | undefined): number | undefined => at && at.getTime() / 1000;

export function observeJob(metrics: JobMetrics, name: string, event: JobEvent): void {
  switch (event.kind) {
    case "began":
      return metrics.began(name);
    case "missed":
      return metrics.missed(name);
    case "ended":
      if (event.result.kind === "failed") metrics.failed(name, event.result.reason);
      return;
    default:
      return event satisfies never;
  }
}
