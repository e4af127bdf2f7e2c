/** Looks at the processes of units for scrapes: not oftener than it is worth, and never for long at a time. */
import { setImmediate as turn } from "node:timers/promises";
import type { Millis } from "../supervision/time.ts";
import type { UnitView } from "../supervision/unit-view.ts";

/** What the host can tell of a unit by the pid of its main process; undefined where it may not look. */
export interface ProcessSample {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  readonly openFds: number | undefined;
  readonly maxFds: number | undefined;
  readonly processes: number;
}

/** One look at the processes of the machine; what it returns tells of one of them what was seen. */
export type LookAtProcesses = () => (pid: number) => ProcessSample | undefined;

export interface TakenSample extends ProcessSample {
  /** Of which of the unit's processes. */
  readonly spawn: number;
}

/** Up to 100 units are looked at once a second at most, 1,000 every ten seconds. */
const shortest = 1_000;
const perUnit = 10;

/** Looked at between two turns of the event loop: a look takes some 0.2 ms. */
const batch = 25;

export class ProcessSampler {
  readonly #look: LookAtProcesses;
  #taken: ReadonlyMap<string, TakenSample> = new Map();
  #due = Number.NEGATIVE_INFINITY;

  constructor(look: LookAtProcesses) {
    this.#look = look;
  }

  /** The unit's last sample, unless it has another process by now. */
  of({ spec, state, pid }: UnitView): TakenSample | undefined {
    const taken = this.#taken.get(spec.name);
    return pid !== undefined && taken?.spawn === state.spawns ? taken : undefined;
  }

  async refresh(views: readonly UnitView[], now: Millis): Promise<void> {
    if (now < this.#due) return;
    this.#due = now + Math.max(shortest, views.length * perUnit);
    const sampleOf = this.#look();
    const taken = new Map<string, TakenSample>();
    for (const [index, { spec, state, pid }] of views.entries()) {
      if (index > 0 && index % batch === 0) await turn();
      const sample = pid === undefined ? undefined : sampleOf(pid);
      if (sample !== undefined) taken.set(spec.name, { ...sample, spawn: state.spawns });
    }
    this.#taken = taken;
  }
}
