/** What is done to flow runs on purpose, so that it is seen that this, and only this, ends them. */
import { setTimeout as sleep } from "node:timers/promises";
import { environmentValue } from "../src/host/processes.ts";
import { signalProcess } from "../src/host/signals.ts";
import { between, type Dice, pick } from "./dice.ts";
import { type Entry, readLedger, underWay } from "./ledger.ts";
import type { Prefect } from "./prefect.ts";
import type { Progress } from "./progress.ts";

export type Purpose = "killed" | "cancelled";
export type Purposes = ReadonlyMap<string, Purpose>;

export interface Doer {
  readonly prefect: Prefect;
  readonly ledger: string;
  readonly dice: Dice;
  /** Milliseconds that are left for it. */
  readonly left: () => number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const betweenMs = [8_000, 20_000] as const;

/** Kills one run, cancels the next, and so on, until the time is over. */
export async function actOnPurpose(doer: Doer): Promise<Purposes> {
  const { ledger, dice, left, signal } = doer;
  const done = new Map<string, Purpose>();
  let next: Purpose = "killed";
  for (;;) {
    const waitMs = between(dice, ...betweenMs);
    if (waitMs >= left()) return done;
    await sleep(waitMs, undefined, { signal });
    const candidates = underWay(readLedger(ledger)).filter(
      (entry) => !done.has(entry.run) && isItsProcess(entry),
    );
    const victim = pick(dice, candidates);
    if (victim === undefined) continue;
    done.set(victim.run, next);
    await act(next, victim, doer);
    next = next === "killed" ? "cancelled" : "killed";
  }
}

async function act(purpose: Purpose, { run, pid }: Entry, doer: Doer): Promise<void> {
  const { prefect, progress } = doer;
  if (purpose === "killed") {
    signalProcess(pid, "SIGKILL");
    progress(`killed run ${run} on purpose`);
  } else {
    await prefect.cancel(run);
    progress(`cancelled run ${run} on purpose`);
  }
}

/** A pid may have gone to another since. */
const isItsProcess = ({ run, pid }: Entry): boolean =>
  environmentValue(pid, "PREFECT__FLOW_RUN_ID") === run;
