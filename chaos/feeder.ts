/** Keeps flow runs coming: whenever a pool has fewer than it should, one more is made. */
import { setTimeout as sleep } from "node:timers/promises";
import { between, type Dice } from "./dice.ts";
import type { Share } from "./pools.ts";
import { type FlowRun, isFinal, type Prefect } from "./prefect.ts";

export interface Feeder {
  readonly prefect: Prefect;
  readonly shares: readonly Share[];
  readonly dice: Dice;
  /** Milliseconds that are left for it. */
  readonly left: () => number;
  readonly look: (runs: readonly FlowRun[]) => void;
  readonly signal: AbortSignal;
}

const everyMs = 1_000;
const [shortest, longest] = [5, 120];
/** No run ends much later than that after the last one was made. */
const overtimeSeconds = 20;

/** Resolves when the time is over. */
export async function feed({ prefect, shares, dice, left, look, signal }: Feeder): Promise<void> {
  const deployments = new Map<string, string>();
  for (const { name } of shares) {
    deployments.set(name, await prefect.deploymentId("steady", name));
  }
  let made = 0;
  while (left() > 0) {
    const runs = await prefect.runs();
    look(runs);
    const open = runs.filter((run) => !isFinal(run));
    for (const { name, wanted } of shares) {
      const deployment = deployments.get(name);
      const count = open.filter((run) => run.work_pool_name === name).length;
      if (deployment === undefined || count >= wanted) continue;
      made += 1;
      const latest = left() / 1_000 + overtimeSeconds;
      const seconds = Math.min(duration(dice), Math.max(shortest, latest));
      await prefect.createRun(deployment, `steady-${made}`, { seconds: Math.round(seconds) });
    }
    await sleep(everyMs, undefined, { signal });
  }
}

/** Most are short, and some last: fifty seconds on average. */
const duration = (dice: Dice): number => between(() => dice() ** 1.6, shortest, longest);
