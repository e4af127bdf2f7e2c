/** What every scene begins with: runs that have come so far. */
import type { ProcessIdentity } from "../../src/host/processes.ts";
import type { Arena } from "./arena.ts";

/** Until it is released. */
const atMost = { seconds: 300 };

/** A run whose code has begun. */
export async function runningIn(arena: Arena, pool: string): Promise<string> {
  const run = await arena.launch("steady", pool, atMost);
  await arena.noted(run, "start");
  return run;
}

/** One that has been told to end, and does not, or takes its time. */
export async function cancellingIn(
  arena: Arena,
  pool: string,
  flow: "stubborn" | "reluctant" = "stubborn",
): Promise<string> {
  const run = await arena.launch(flow, pool, atMost);
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
