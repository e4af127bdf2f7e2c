/** Lines on a terminal that are drawn over their former selves. */
import type { Stream } from "./context.ts";
import { cut } from "./text-width.ts";

const [clearLine, clearBelow] = ["\x1b[K", "\x1b[J"];
const up = (lines: number): string => (lines === 0 ? "" : `\x1b[${lines}A`);

export class LiveBlock {
  readonly #out: Stream;
  #height = 0;

  constructor(out: Stream) {
    this.#out = out;
  }

  async draw(lines: readonly string[]): Promise<void> {
    // The cursor cannot go up to what has left the screen, or to the beginning of a line that was broken.
    const room = Math.max(1, this.#out.rows() - 1);
    const hidden = lines.length - room + 1;
    const shown =
      lines.length > room ? [...lines.slice(0, room - 1), `… and ${hidden} more lines`] : lines;
    const text = shown.map((line) => `${cut(line, this.#out.columns() - 1)}${clearLine}\n`);
    await this.#out.write(up(this.#height) + text.join("") + clearBelow);
    this.#height = shown.length;
  }

  async clear(): Promise<void> {
    if (this.#height > 0) await this.draw([]);
  }
}
