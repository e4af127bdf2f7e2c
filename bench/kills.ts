/** Kills units at random moments, and takes the time until each runs again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Birth } from "./births.ts";
import type { Running } from "./trial.ts";

/**
 * A unit that has run for so long is restarted at once by all peers: runit waits if it was less than
 * a second, ours if it was less than `stable_after`, and PM2 counts what was less than a second.
 */
const uptimeMs = 1_200;

/** runit and supervisord look about each second: all phases of that are met alike. */
const spreadMs = 1_000;

const limitMs = 30_000;

/** Returns the milliseconds of each. */
export async function kill(count: number, { births, signal }: Running): Promise<readonly number[]> {
  const times: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const victim = oldest(births.newest.values());
    const waitMs = Math.max(0, victim.at + uptimeMs - performance.now());
    await sleep(waitMs + Math.random() * spreadMs, undefined, { signal });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const killedAt = performance.now();
    process.kill(victim.pid, "SIGKILL");
    const successor = (): Birth | undefined => {
      const newest = births.newest.get(victim.unit);
      return newest === victim ? undefined : newest;
    };
    const { at } = await births.until(successor, limit);
    times.push(at - killedAt);
  }
  // Whoever stops it next must not find it in such a wait either.
  await sleep(uptimeMs, undefined, { signal });
  return times;
}

function oldest(births: Iterable<Birth>): Birth {
  return [...births].reduce((one, other) => (other.at < one.at ? other : one));
}
