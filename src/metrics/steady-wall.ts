import type { Millis } from "../supervision/time.ts";

/** A step of the clock by more than this is followed; what is less is the noise of reading two clocks. */
const tolerance = 1;

/**
 * Unix times that stay the same from scrape to scrape: two readings of the two clocks differ by
 * microseconds, and `changes()` of a start time would take each for a restart.
 */
export function steadyWall(toWallSeconds: (at: Millis) => number): (at: Millis) => number {
  let offset: number | undefined;
  return (at) => {
    const fresh = toWallSeconds(at) - at / 1000;
    if (offset === undefined || Math.abs(fresh - offset) > tolerance) offset = fresh;
    // To the millisecond, as the clock gives it: what lies behind is the error of adding.
    return Math.round((at / 1000 + offset) * 1000) / 1000;
  };
}
