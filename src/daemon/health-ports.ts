/** One loopback port for each worker's own health server: two on one port would answer for each other. */
import { findFreePort } from "../host/free-port.ts";
import type { Memory } from "./memory.ts";

export class HealthPorts {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  of(unit: string): number {
    const port = this.#memory.now.healthPorts[unit];
    if (port === undefined) throw new Error(`no health port was reserved for ${unit}`);
    return port;
  }

  /** The same unit keeps its port, so that a worker which runs needs no restart for it. */
  async reserve(units: readonly string[]): Promise<void> {
    const known = this.#memory.now.healthPorts;
    const kept = units.flatMap((unit) =>
      known[unit] === undefined ? [] : [[unit, known[unit]] as const],
    );
    const ports = new Map(kept);
    for (const unit of units) {
      if (ports.has(unit)) continue;
      const taken = new Set(ports.values());
      let port: number;
      do {
        port = await findFreePort();
      } while (taken.has(port));
      ports.set(unit, port);
    }
    const isSame = ports.size === Object.keys(known).length && kept.length === ports.size;
    if (!isSame) await this.#memory.change({ healthPorts: Object.fromEntries(ports) });
  }
}
