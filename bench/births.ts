/**
 * Hears of each start of a unit from the unit itself, which writes its name and its pid into a FIFO
 * as the first thing: nobody has to look for new processes meanwhile, and it costs all peers the same.
 */
import { execFileSync } from "node:child_process";
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";

export interface Birth {
  readonly unit: string;
  readonly pid: number;
  /** As of performance.now(). */
  readonly at: number;
}

export const unitScript = (name: string, fifo: string): string =>
  `#!/bin/sh\necho ${name} $$ >'${fifo}'\nexec sleep 100000\n`;

export class Births implements Disposable {
  readonly #socket: Socket;
  readonly #alive = new Map<string, Birth>();
  #told: (() => void)[] = [];
  #rest = "";

  constructor(fifo: string) {
    execFileSync("mkfifo", [fifo]);
    // For writing too: it stays open while no unit writes.
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on("data", (chunk) => this.#hear(chunk.toString("latin1")));
  }

  /** The newest process of each unit. */
  get newest(): ReadonlyMap<string, Birth> {
    return this.#alive;
  }

  /** Resolves as soon as `find` finds something; looks again at each birth. */
  async until<Found>(find: () => Found | undefined, signal: AbortSignal): Promise<Found> {
    for (;;) {
      signal.throwIfAborted();
      const found = find();
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#told.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #hear(text: string): void {
    const at = performance.now();
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const [unit = "", pid] = line.split(" ");
      this.#alive.set(unit, { unit, pid: Number(pid), at });
    }
    for (const resolve of this.#told.splice(0)) resolve();
  }
}
