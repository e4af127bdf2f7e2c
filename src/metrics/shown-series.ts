/** Gauges that are set as a whole: what is not set again is gone. */
import type { GaugeName, Labels, StateOf, StateSetName, SubjectOf } from "./catalogue.ts";
import type { MetricRegistry } from "./registry.ts";

export interface Showing {
  /** Undefined: not shown. */
  set<N extends GaugeName>(name: N, labels: Labels<N>, value: number | undefined): void;
  choose<N extends StateSetName>(name: N, subject: SubjectOf<N>, state: StateOf<N>): void;
}

export class ShownSeries {
  readonly #registry: MetricRegistry;
  /** How to remove each that is shown. */
  #shown: ReadonlyMap<string, () => void> = new Map();

  constructor(registry: MetricRegistry) {
    this.#registry = registry;
  }

  /** In one synchronous step: no scrape sees half of it. */
  replace(fill: (showing: Showing) => void): void {
    const registry = this.#registry;
    const now = new Map<string, () => void>();
    fill({
      set(name, labels, value) {
        if (value === undefined) return;
        registry.set(name, labels, value);
        now.set(keyOf(name, labels), () => registry.set(name, labels, undefined));
      },
      choose(name, subject, state) {
        registry.choose(name, subject, state);
        now.set(keyOf(name, subject), () => registry.unchoose(name, subject));
      },
    });
    for (const [key, remove] of this.#shown) if (!now.has(key)) remove();
    this.#shown = now;
  }
}

const keyOf = (name: string, labels: object): string => `${name} ${JSON.stringify(labels)}`;
