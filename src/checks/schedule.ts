/**
 * When a check is looked at next. Always at a multiple of its period, so that checks of the same
 * period, and of periods that divide each other, are looked at together: one wake-up for all of them.
 */
import { type Millis, ms, seconds } from "../supervision/time.ts";

/** What is in doubt is looked at again soon. */
const doubtful = seconds(5);

export function nextLook(every: Millis, isInDoubt: boolean, now: Millis): Millis {
  if (isInDoubt) return ms(now + Math.min(every, doubtful));
  return ms((Math.floor(now / every) + 1) * every);
}
