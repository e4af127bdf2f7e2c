/** What a peer costs while nothing happens. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Running } from "./trial.ts";
import { account, memoryOf, spent } from "./usage.ts";

/** What it has to do after a start, or after a kill, is done by then. */
const settlingMs = 5_000;

export interface Idle {
  readonly processes: number;
  readonly wakeupsPerSecond: number;
  readonly cpuMsPerMinute: number;
  readonly pssMiB: number;
  readonly anonymousMiB: number;
}

export async function idle(forMs: number, running: Running): Promise<Idle> {
  const { signal, ownProcesses } = running;
  await sleep(settlingMs, undefined, { signal });
  const own = ownProcesses();
  const begin = performance.now();
  const before = account(own);
  await sleep(forMs, undefined, { signal });
  const { switches, cpuMs } = spent(before, account(own));
  const tookMs = performance.now() - begin;
  return {
    processes: own.length,
    wakeupsPerSecond: (switches * 1_000) / tookMs,
    cpuMsPerMinute: (cpuMs * 60_000) / tookMs,
    ...memoryOf(own),
  };
}
