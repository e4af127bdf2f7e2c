/**
 * Whether a process died because the kernel ran out of memory. Its own cgroup knows where it has a
 * memory controller; else only how often that has happened, in our own cgroup or on the machine, and
 * whoever died in the same seconds is under suspicion.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Death } from "../prefect/ports.ts";
import { errnoOf } from "./errno.ts";

export class OomWitness {
  readonly #counters: readonly string[];
  #before: number | undefined;

  /** @param cgroup our own, with all that we start below it */
  constructor(cgroup: string | undefined, vmstat = "/proc/vmstat") {
    this.#counters = [...(cgroup === undefined ? [] : [eventsOf(cgroup)]), vmstat];
    this.#before = this.#count();
  }

  /** From now on only what comes later is held against anybody: to be called often. */
  look(): void {
    this.#before = this.#count();
  }

  /** @param cgroup of the process, if it has one; it must still be there */
  hasKilled(cgroup: string | undefined): Death["outOfMemory"] {
    const own = cgroup === undefined ? undefined : killsIn(eventsOf(cgroup));
    if (own !== undefined) return own > 0 ? "yes" : "no";
    const now = this.#count();
    const hasHappened = now !== undefined && this.#before !== undefined && now > this.#before;
    return hasHappened ? "perhaps" : "no";
  }

  #count(): number | undefined {
    for (const file of this.#counters) {
      const kills = killsIn(file);
      if (kills !== undefined) return kills;
    }
    return undefined;
  }
}

const eventsOf = (cgroup: string): string => join(cgroup, "memory.events");

function killsIn(file: string): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync(file, "latin1"))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
