/** Ends what bears a mark in its environment: children of a daemon, and what they started. */
import { setTimeout as sleep } from "node:timers/promises";
import { type FoundProcess, findByEnvironment, isThere } from "./processes.ts";
import { signalProcess } from "./signals.ts";

export interface LeftoverRules {
  readonly variable: string;
  readonly value: string;
  /** Which of them are left alone. */
  readonly isSpared?: (process: FoundProcess) => boolean;
  /** How long they may take to go by themselves after SIGTERM. */
  readonly patienceMs: number;
  /** Which of them SIGTERM would bring to do harm. */
  readonly isKilledAtOnce?: (process: FoundProcess) => boolean;
}

const lookEveryMs = 50;
/** What is still there then is in an uninterruptible wait. */
const killPatienceMs = 5_000;

export interface EndedLeftovers {
  readonly ended: number;
  readonly left: readonly number[];
}

export async function endLeftovers(rules: LeftoverRules): Promise<EndedLeftovers> {
  const { isKilledAtOnce = () => false } = rules;
  const asked = await until(rules, rules.patienceMs, (leftover) =>
    isKilledAtOnce(leftover) ? "SIGKILL" : "SIGTERM",
  );
  const killed = await until(rules, killPatienceMs, () => "SIGKILL");
  const left = find(rules).map(({ pid }) => pid);
  return { ended: Math.max(asked, killed) - left.length, left };
}

/** Signals each once, until none is left or the patience is over. Returns how many it saw. */
async function until(
  rules: LeftoverRules,
  patienceMs: number,
  signalFor: (leftover: FoundProcess) => NodeJS.Signals,
): Promise<number> {
  const seen = new Set<string>();
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += lookEveryMs) {
    const found = find(rules);
    if (found.length === 0) break;
    for (const leftover of found) {
      const key = `${leftover.pid} ${leftover.startTime}`;
      if (seen.has(key) || !isThere(leftover)) continue;
      seen.add(key);
      signalProcess(leftover.pid, signalFor(leftover));
    }
    await sleep(lookEveryMs);
  }
  return seen.size;
}

function find({ variable, value, isSpared = () => false }: LeftoverRules): readonly FoundProcess[] {
  return findByEnvironment(variable, value).filter((found) => !isSpared(found));
}
