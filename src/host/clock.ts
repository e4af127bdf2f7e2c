/** Time as the core wants it: monotonic, and never called back from inside a call. */
import type { Cancel, Clock } from "../supervision/ports.ts";
import { type Millis, ms } from "../supervision/time.ts";

/** setTimeout takes a longer span for one millisecond. */
const longestTimeout = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => ms(performance.now()),
  schedule: (span, run) => scheduleAt(performance.now() + span, run),
};

/** By the wall clock as it is set now: a later correction of it moves what was converted before. */
export const toWallClock = (at: Millis): Date => new Date(Date.now() - performance.now() + at);

function scheduleAt(due: number, run: () => void): Cancel {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const left = Math.min(longestTimeout, Math.max(0, due - performance.now()));
    timer = setTimeout(isDue, left);
  };
  // Node's timers count from the beginning of a turn of its loop: they may be early by a moment.
  const isDue = (): void => (performance.now() < due ? arm() : run());
  arm();
  return () => clearTimeout(timer);
}
