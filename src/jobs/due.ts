/** Whether a job has anything to make up for when the daemon begins, or takes the job up. */
import type { Job, RememberedJob } from "./job.ts";

export type Duty =
  | { readonly kind: "wait" }
  /** It was due while nobody was there; however often, it is done once. */
  | { readonly kind: "missed"; readonly due: Date }
  /** The daemon ended while it ran. */
  | { readonly kind: "interrupted"; readonly due: Date; readonly again: boolean };

/**
 * What was due is judged by the time that was written down, never by a search back through the
 * calendar: so neither a change of the clocks nor one of the expression can make it due twice.
 */
export function dutyOf(
  { times, isRepeatable }: Pick<Job, "times" | "isRepeatable">,
  { cron, timezone, next, running }: RememberedJob,
  now: Date,
): Duty {
  if (running !== undefined) return { kind: "interrupted", due: running, again: isRepeatable };
  const isSame = times !== undefined && times.cron === cron && times.timezone === timezone;
  if (!isSame || next === undefined || next > now) return { kind: "wait" };
  return { kind: "missed", due: next };
}
