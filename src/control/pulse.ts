/** Whether anything came in a stream of events; what it was does not matter. */
import type { Readable } from "node:stream";

export type Beat = "changed" | "time-over" | "ended";

export class Pulse implements Disposable {
  readonly #stream: Readable;
  #seen: Beat | undefined;
  #wake: ((beat: Beat) => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    let block = "";
    stream.on("data", (chunk: Buffer) => {
      const blocks = (block + chunk.toString("latin1")).split("\n\n");
      block = blocks.pop() ?? "";
      // The others hold comments only: signs of life and no changes.
      if (blocks.some((one) => one.startsWith("event:"))) this.#beat("changed");
    });
    stream.on("error", () => this.#beat("ended"));
    stream.on("close", () => this.#beat("ended"));
  }

  /** Forgets the changes so far: who asks now will see them. */
  reset(): void {
    if (this.#seen === "changed") this.#seen = undefined;
  }

  next(withinMs: number): Promise<Beat> {
    if (this.#seen !== undefined) return Promise.resolve(this.#seen);
    const { promise, resolve } = Promise.withResolvers<Beat>();
    const timer = setTimeout(() => resolve("time-over"), withinMs);
    this.#wake = resolve;
    return promise.finally(() => clearTimeout(timer));
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  #beat(beat: Beat): void {
    if (this.#seen !== "ended") this.#seen = beat;
    this.#wake?.(beat);
  }
}
