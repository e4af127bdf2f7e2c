/** What every scene begins with: runs that have come so far. */
import type { ProcessIdentity } from "../../src/host/processes.ts";
import type { Arena } from "./arena.ts";

/** One run in each situation, in one pool. */
export interface Busy {
  readonly claimed: string;
  readonly running: string;
  readonly cancelling: string;
}

/** Until it is released. */
const atMost = { seconds: 300 };

/** Resolves at the moment at which the last one of them has been claimed. */
export async function busy(arena: Arena, pool: string): Promise<Busy> {
  const [running, cancelling] = await Promise.all([
    runningIn(arena, pool),
    cancellingIn(arena, pool),
  ]);
  return { claimed: await claimedIn(arena, pool), running, cancelling };
}

/** A run whose code has begun. */
export async function runningIn(arena: Arena, pool: string): Promise<string> {
  const run = await arena.launch("steady", pool, atMost);
  await arena.noted(run, "start");
  return run;
}

/** One that has been told to end, and does not. */
export async function cancellingIn(arena: Arena, pool: string): Promise<string> {
  const run = await arena.launch("stubborn", pool, atMost);
  await arena.noted(run, "start");
  await arena.prefect.cancel(run);
  return run;
}

/** One that a worker has just claimed, whether or not it has a process already. */
export async function claimedIn(arena: Arena, pool: string): Promise<string> {
  const run = await arena.launch("steady", pool, { seconds: 3 });
  await arena.claimed(run);
  return run;
}

/** One that has processes of its own, which would outlive it. */
export async function parentIn(
  arena: Arena,
  pool: string,
  count: number,
): Promise<{ readonly run: string; readonly children: readonly ProcessIdentity[] }> {
  const run = await arena.launch("parent", pool, { ...atMost, children: count });
  return { run, children: await arena.children(run, count) };
}
