/** The time in which flows come and go while the rest is killed. */
import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "./dice.ts";
import { feed } from "./feeder.ts";
import type { Installation } from "./installation.ts";
import { killAtRandom } from "./killer.ts";
import { shares } from "./pools.ts";
import type { FlowRun, Prefect } from "./prefect.ts";
import { processesOf } from "./processes.ts";
import type { Progress } from "./progress.ts";
import { actOnPurpose } from "./purpose.ts";
import type { Outcome, Plan } from "./run.ts";

export interface Battle {
  readonly plan: Plan;
  readonly installation: Installation;
  readonly prefect: Prefect;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** On a slow machine the kills begin before all flows that were asked for are alive. */
const warmUpMs = 90_000;
const progressEvery = 15;

export async function attack(
  battle: Battle,
): Promise<Pick<Outcome, "kills" | "purposes" | "alive">> {
  const { plan, progress } = battle;
  const { home, ledger } = battle.installation.place;
  let endsAt = Infinity;
  /** Milliseconds: so much time is left. */
  const left = (): number => endsAt - performance.now();
  let runs: readonly FlowRun[] = [];
  const dice = (salt: number) => seeded(plan.seed * 3 + salt);

  const whoKills = async (): Promise<Pick<Outcome, "kills" | "purposes" | "alive">> => {
    await warmedUp(battle);
    endsAt = performance.now() + plan.minutes * 60_000;
    const [kills, purposes, alive] = await Promise.all([
      killAtRandom({ ...battle, home, left, dice: dice(0), everyMs: plan.killEveryMs }),
      actOnPurpose({ ...battle, ledger, left, dice: dice(1) }),
      watch(battle, left, (count, second) => {
        if (second % progressEvery === 0) progress(`${count} processes of runs; ${tally(runs)}`);
      }),
    ]);
    return { kills, purposes, alive };
  };
  const [outcome] = await Promise.all([
    whoKills(),
    feed({
      ...battle,
      left,
      dice: dice(2),
      shares: shares(plan.flows),
      look: (found) => (runs = found),
    }),
  ]);
  return outcome;
}

async function warmedUp({ plan, installation, signal }: Battle): Promise<void> {
  const limit = performance.now() + warmUpMs;
  while (countRuns(installation.place.home) < plan.flows && performance.now() < limit) {
    await sleep(1_000, undefined, { signal });
  }
}

/** Counts the processes of flow runs once a second. */
async function watch(
  { installation, signal }: Battle,
  left: () => number,
  counted: (count: number, second: number) => void,
): Promise<readonly number[]> {
  const counts: number[] = [];
  while (left() > 0) {
    const count = countRuns(installation.place.home);
    counts.push(count);
    counted(count, counts.length);
    await sleep(1_000, undefined, { signal });
  }
  return counts;
}

export const countRuns = (home: string): number =>
  processesOf(home).filter(({ kind }) => kind === "run").length;

export function tally(runs: readonly FlowRun[]): string {
  const groups = Map.groupBy(runs, (run) => run.state_name);
  return [...groups]
    .map(([name, { length }]) => `${length} ${name}`)
    .toSorted()
    .join(", ");
}
