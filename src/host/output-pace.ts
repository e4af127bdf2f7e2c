/**
 * When an output file is looked at next. Each look wakes the daemon; each look that comes too late
 * costs disk, namely what its writer adds before it.
 *
 * - A steady writer is looked at when it has filled half of the room that is left: whatever its pace,
 *   its file is set aside before it is much larger than its measure.
 * - One that stalls may go on as before: no pause is more than twice the one before it.
 * - A writer that trickles, and floods before the next look, is bounded by the longest pause alone: in
 *   four seconds a program that prints as fast as Python can, 50 MB/s, writes 200 MB, and then they
 *   are cut off. All files that grow are looked at together: however many trickle, they wake the
 *   daemon once in four seconds. Its budget is once a second, for everything.
 * - A quiet file is watched by the kernel, and looked at soon after its next line: a flood that comes
 *   then is seen after 250 ms. But a watched file wakes us for each line. So one that was silent for
 *   less than a minute is watched again only after a quiet minute.
 */
import { type Millis, minutes, ms, seconds } from "../supervision/time.ts";

export interface OutputPace {
  readonly shortestPause: Millis;
  /** Of one that has just begun to grow: whether it trickles or floods is not known yet. */
  readonly firstPause: Millis;
  readonly longestPause: Millis;
  /** A file that is silent for longer than this, as a rule, is watched in between. */
  readonly quietSpan: Millis;
}

export const usualPace: OutputPace = {
  shortestPause: ms(20),
  firstPause: ms(250),
  longestPause: seconds(4),
  quietSpan: minutes(1),
};

export interface Growth {
  readonly addedBytes: number;
  readonly within: Millis;
  /** Until it is full. */
  readonly roomBytes: number;
  readonly quietFor: Millis;
  /** Whether it had been silent for less than the quiet span when it last woke us. */
  readonly isRestless: boolean;
}

export type NextLook = { readonly kind: "rest" } | { readonly kind: "look"; readonly in: Millis };

export function nextLook(pace: OutputPace, growth: Growth): NextLook {
  const { addedBytes, within, roomBytes, quietFor, isRestless } = growth;
  const isQuiet = addedBytes <= 0;
  if (isQuiet && (!isRestless || quietFor >= pace.quietSpan)) return { kind: "rest" };
  const halfFull = isQuiet ? pace.longestPause : (roomBytes / addedBytes) * within * 0.5;
  const longest = Math.min(pace.longestPause, 2 * within);
  return { kind: "look", in: ms(Math.max(pace.shortestPause, Math.min(longest, halfFull))) };
}
