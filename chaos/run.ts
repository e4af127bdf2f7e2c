/** One chaos run: an installation, runs that come and go, kills, and the account of it in the end. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Account, type Seen, settle } from "./account.ts";
import { attack, countRuns, tally } from "./attack.ts";
import type { Install } from "./installation.ts";
import type { Kills } from "./killer.ts";
import { readLedger } from "./ledger.ts";
import type { Place } from "./place.ts";
import { deployments, shares } from "./pools.ts";
import { type FlowRun, isBusy, isFinal, Prefect } from "./prefect.ts";
import { describe, processesOf } from "./processes.ts";
import type { Progress } from "./progress.ts";
import type { Purposes } from "./purpose.ts";

export interface Plan {
  readonly minutes: number;
  readonly seed: number;
  /** So many flows are alive at a time, as far as limits and the machine allow. */
  readonly flows: number;
  readonly killEveryMs: number;
  readonly environment: string;
  readonly keep: boolean;
  readonly install: Install;
}

export interface Outcome {
  readonly caption: string;
  readonly plan: Plan;
  readonly kills: Kills;
  readonly purposes: Purposes;
  readonly account: Account;
  /** Processes of flow runs while there were kills, once a second. */
  readonly alive: readonly number[];
  /** From the last kill until nothing changed any more. */
  readonly settledAfterMs: number;
  readonly slotsLeaked: number;
  readonly processesLeft: readonly string[];
}

export async function chaos(plan: Plan, progress: Progress, signal: AbortSignal): Promise<Outcome> {
  const options = { ...plan, pools: shares(plan.flows), deployments };
  await using installation = await plan.install(options, signal);
  const { place } = installation;
  const prefect = new Prefect(installation.apiUrl, signal);
  progress(`starts ${installation.caption} in ${place.directory}`);
  await installation.start();

  const attacked = await attack({ plan, installation, prefect, progress, signal });
  progress("no more kills: waits for what is under way");
  const killedLastAt = performance.now();
  const runs = await settled(prefect, place, installation.patienceMs, progress, signal);
  const settledAfterMs = performance.now() - killedLastAt;
  const seen = await Promise.all(runs.map((run) => look(run, prefect)));
  const slotsLeaked = Math.max(await heldSlots(prefect), runs.filter(isBusy).length);
  progress("stops");
  await installation.stop();
  return {
    caption: installation.caption,
    plan,
    ...attacked,
    account: settle(seen, readLedger(place.ledger), attacked.purposes),
    settledAfterMs,
    slotsLeaked,
    processesLeft: processesOf(place.home).map(describe),
  };
}

const look = async (run: FlowRun, prefect: Prefect): Promise<Seen> => ({
  run,
  states: (await prefect.states(run.id)).map(({ name }) => name),
});

async function heldSlots(prefect: Prefect): Promise<number> {
  const pools = await prefect.pools();
  return pools.reduce((sum, pool) => sum + (pool.active_slots ?? 0), 0);
}

/** Resolves when all runs are final, or when nothing has changed or lived for so long. */
async function settled(
  prefect: Prefect,
  { home }: Place,
  patienceMs: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<readonly FlowRun[]> {
  let [before, changedAt] = ["", performance.now()];
  for (;;) {
    const runs = await prefect.runs();
    if (runs.every(isFinal)) return runs;
    const now = tally(runs);
    if (now !== before || countRuns(home) > 0) {
      if (now !== before) progress(now);
      [before, changedAt] = [now, performance.now()];
    }
    if (performance.now() - changedAt > patienceMs) return runs;
    await sleep(1_000, undefined, { signal });
  }
}
