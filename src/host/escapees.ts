/**
 * Ends what escaped from a unit's group by a session of its own, where there is no cgroup that
 * holds it: each spawn has a mark in its environment, which is inherited. What has erased its
 * environment as well is beyond reach.
 */
import { setTimeout as sleep, setImmediate as yieldToOthers } from "node:timers/promises";
import { invocationVariable } from "./marks.ts";
import { allPids, environmentValue, identify, isThere, type ProcessIdentity } from "./processes.ts";
import { signalProcess } from "./signals.ts";

/** One look at all of /proc serves all units that end within this time, and none of their restarts waits for it. */
const settlingMs = 100;
const betweenRoundsMs = 10;
/** Something that forks faster than we kill is given up then, and said. */
const mostRounds = 50;
const processesAtATime = 50;

export class Escapees {
  readonly #report: (trouble: string) => void;
  readonly #wanted = new Set<string>();
  #sweeping: Promise<void> | undefined;

  constructor(report: (trouble: string) => void) {
    this.#report = report;
  }

  /** Ends, soon, whatever still bears the mark. */
  sweep(invocation: string): void {
    this.#wanted.add(invocation);
    this.#sweeping ??= this.#sweepAll().finally(() => {
      this.#sweeping = undefined;
    });
  }

  /** Resolves when nothing is left to be swept: a daemon that stops waits for this. */
  async settled(): Promise<void> {
    await this.#sweeping;
  }

  async #sweepAll(): Promise<void> {
    while (this.#wanted.size > 0) {
      await sleep(settlingMs);
      const invocations = new Set(this.#wanted);
      this.#wanted.clear();
      const left = await endAll(invocations);
      if (left.length > 0) {
        const pids = left.map(({ pid }) => pid).join(", ");
        this.#report(`processes that a unit left behind cannot be ended: ${pids}`);
      }
    }
  }
}

async function endAll(invocations: ReadonlySet<string>): Promise<readonly ProcessIdentity[]> {
  for (let round = 0; ; round += 1) {
    const found = await find(invocations);
    if (found.length === 0 || round === mostRounds) return found;
    for (const escapee of found) {
      if (isThere(escapee)) signalProcess(escapee.pid, "SIGKILL");
    }
    await sleep(betweenRoundsMs);
  }
}

async function find(invocations: ReadonlySet<string>): Promise<readonly ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  let looked = 0;
  for (const pid of allPids()) {
    looked += 1;
    if (looked % processesAtATime === 0) await yieldToOthers();
    const identity = identify(pid);
    if (identity === undefined || pid === process.pid) continue;
    const invocation = environmentValue(pid, invocationVariable);
    if (invocation !== undefined && invocations.has(invocation)) found.push(identity);
  }
  return found;
}
