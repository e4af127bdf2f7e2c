/** Ends what a daemon left: what bears its mark in its environment, or is in its systemd unit. */
import { setTimeout as sleep } from "node:timers/promises";
import { type FoundProcess, findByEnvironment, isThere } from "./processes.ts";
import { signalProcess } from "./signals.ts";

interface EndingRules {
  /** How long they may take to go by themselves after SIGTERM. */
  readonly patienceMs: number;
  /** Which of them SIGTERM would bring to do harm. */
  readonly isKilledAtOnce?: (process: FoundProcess) => boolean;
}

export interface LeftoverRules extends EndingRules {
  readonly variable: string;
  readonly value: string;
  /** Which of them are left alone. */
  readonly isSpared?: (process: FoundProcess) => boolean;
}

/** Those that there are now. */
type Find = () => readonly FoundProcess[];

const lookEveryMs = 50;
/** What is still there then is in an uninterruptible wait. */
const killPatienceMs = 5_000;

export interface EndedLeftovers {
  readonly ended: number;
  readonly left: readonly number[];
}

export function endLeftovers(rules: LeftoverRules): Promise<EndedLeftovers> {
  const { variable, value, isSpared = () => false } = rules;
  return endAll(
    () => findByEnvironment(variable, value).filter((found) => !isSpared(found)),
    rules,
  );
}

export async function endAll(find: Find, rules: EndingRules): Promise<EndedLeftovers> {
  const { patienceMs, isKilledAtOnce = () => false } = rules;
  const asked = await until(find, patienceMs, (leftover) =>
    isKilledAtOnce(leftover) ? "SIGKILL" : "SIGTERM",
  );
  const killed = await until(find, killPatienceMs, () => "SIGKILL");
  const left = find().map(({ pid }) => pid);
  return { ended: Math.max(asked, killed) - left.length, left };
}

/** Signals each once, until none is left or the patience is over. Returns how many it saw. */
async function until(
  find: Find,
  patienceMs: number,
  signalFor: (leftover: FoundProcess) => NodeJS.Signals,
): Promise<number> {
  const seen = new Set<string>();
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += lookEveryMs) {
    const found = find();
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
