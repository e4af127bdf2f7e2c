/** Which pools there are: makes their series, and removes those of pools that are gone. */
import type { MetricRegistry } from "./registry.ts";

export class PoolSeries {
  readonly #registry: MetricRegistry;
  readonly #look: () => readonly string[];
  #pools: ReadonlySet<string> = new Set();

  /** @param look says which pools there are now */
  constructor(registry: MetricRegistry, look: () => readonly string[]) {
    this.#registry = registry;
    this.#look = look;
  }

  /** Of a pool that is not, or no longer, declared nothing is said, though its runs may still live. */
  has(pool: string): boolean {
    // It may be new since the last scrape.
    if (!this.#pools.has(pool)) this.declare(this.#look());
    return this.#pools.has(pool);
  }

  declare(pools: readonly string[]): void {
    const before = this.#pools;
    this.#pools = new Set(pools);
    for (const pool of before.difference(this.#pools)) this.#registry.drop({ pool });
    for (const pool of this.#pools.difference(before)) this.#registry.zero({ pool });
  }
}
