/**
 * When an output file is looked at next. Each look wakes the daemon; each look that comes too late
 * costs disk, namely what its writer adds before it.
 *
 * - A steady writer is looked at when it has filled half of the room that is left: whatever its pace,
 *   its file is set aside before it is much larger than its measure.
 * - A writer that trickles, and floods before the next look, is bounded by the longest pause alone: in
 *   four seconds a program that prints as fast as Python can, 50 MB/s, writes 200 MB, and then they
 *   are cut off. All files that grow are looked at together: however many trickle, they wake the
 *   daemon once in four seconds. Its budget is once a second, for everything.
 * - A quiet file is watched by the kernel, and looked at soon after its next line: a flood that comes
 *   then is seen after 250 ms. But a watched file wakes us for each line. So one that was woken within
 *   a minute is watched again only after a quiet minute: three times a minute at most for each file.
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
  /** Whether it was watched for less than the quiet span before it grew again. */
  readonly isRestless: boolean;
}

export type NextLook = { readonly kind: "rest" } | { readonly kind: "look"; readonly in: Millis };

export function nextLook(pace: OutputPace, growth: Growth): NextLook {
  const { addedBytes, within, roomBytes, quietFor, isRestless } = growth;
  if (addedBytes > 0) {
    const halfFull = (roomBytes / addedBytes) * Math.max(1, within) * 0.5;
    const pause = Math.min(pace.longestPause, Math.max(pace.shortestPause, halfFull));
    return { kind: "look", in: ms(pause) };
  }
  return isRestless && quietFor < pace.quietSpan
    ? { kind: "look", in: pace.longestPause }
    : { kind: "rest" };
}
