/**
 * How often one target is told. The same event of the same thing at most once in an interval; what
 * is held back is counted. The last word about a thing is always told, if only later: else the last
 * that a reader has heard might be that all is well again.
 */
import { type Millis, ms } from "../supervision/time.ts";
import type { Event } from "./event.ts";

/** By subject. */
export type Rate = ReadonlyMap<string, SubjectRate>;

export interface SubjectRate {
  /** When each event was told last. */
  readonly told: ReadonlyMap<Event["event"], Millis>;
  /** The last word, not told yet. */
  readonly pending: Event | undefined;
  /** Since the last one that was told, without `pending`. */
  readonly held: number;
}

export interface Sent {
  readonly event: Event;
  readonly held: number;
}

/** Above this, the things that were told of longest ago are forgotten; nothing pending is. */
export const mostSubjects = 500;

const fresh: SubjectRate = { told: new Map(), pending: undefined, held: 0 };

export function offer(
  rate: Rate,
  event: Event,
  now: Millis,
  interval: Millis,
): readonly [Rate, readonly Sent[]] {
  const before = rate.get(event.subject) ?? fresh;
  const superseded = before.pending === undefined ? 0 : 1;
  const waiting: SubjectRate = { ...before, pending: event, held: before.held + superseded };
  return flush(new Map(rate).set(event.subject, waiting), now, interval);
}

/** What may be told now. */
export function flush(rate: Rate, now: Millis, interval: Millis): readonly [Rate, readonly Sent[]] {
  const sent: Sent[] = [];
  const next = new Map<string, SubjectRate>();
  for (const [subject, state] of rate) {
    const { pending, told, held } = state;
    if (pending === undefined || !isDue(state, now, interval)) {
      next.set(subject, state);
      continue;
    }
    sent.push({ event: pending, held });
    next.set(subject, { told: new Map(told).set(pending.event, now), pending: undefined, held: 0 });
  }
  return [bounded(next, now, interval), sent];
}

/** When the next one that is held back may be told; undefined if there is none. */
export function nextDue(rate: Rate, interval: Millis): Millis | undefined {
  let first: Millis | undefined;
  for (const { pending, told } of rate.values()) {
    const at = pending && told.get(pending.event);
    if (at === undefined) continue;
    const due = ms(at + interval);
    if (first === undefined || due < first) first = due;
  }
  return first;
}

function isDue({ pending, told }: SubjectRate, now: Millis, interval: Millis): boolean {
  const at = pending && told.get(pending.event);
  return at === undefined || now - at >= interval;
}

/** What no longer holds anything back need not be known. */
function bounded(rate: Map<string, SubjectRate>, now: Millis, interval: Millis): Rate {
  const last = ({ told }: SubjectRate) => Math.max(...told.values());
  for (const [subject, state] of rate) {
    if (state.pending === undefined && now - last(state) >= interval) rate.delete(subject);
  }
  if (rate.size <= mostSubjects) return rate;
  const idle = [...rate].filter(([, { pending }]) => pending === undefined);
  const oldest = idle.toSorted(([, one], [, other]) => last(one) - last(other));
  for (const [subject] of oldest.slice(0, rate.size - mostSubjects)) rate.delete(subject);
  return rate;
}
