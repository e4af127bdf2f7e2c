import { setImmediate as settle } from "node:timers/promises";
import type { Cancel, Clock } from "../../src/supervision/ports.ts";
import { type Millis, ms } from "../../src/supervision/time.ts";

/** Time that passes only when the test says so, stopping at everything that is due on the way. */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #scheduled = new Set<{ readonly at: number; readonly run: () => void }>();

  now(): Millis {
    return ms(this.#now);
  }

  schedule(span: Millis, run: () => void): Cancel {
    const entry = { at: this.#now + span, run };
    this.#scheduled.add(entry);
    return () => this.#scheduled.delete(entry);
  }

  /** How many wait for their time: nothing may be left behind. */
  get pending(): number {
    return this.#scheduled.size;
  }

  async advance(span: number): Promise<void> {
    const end = this.#now + span;
    await settle();
    for (;;) {
      const due = [...this.#scheduled]
        .filter(({ at }) => at <= end)
        .toSorted((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.#scheduled.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
      await settle();
    }
    this.#now = end;
  }
}
