/**
 * A bounded history on disk: one line an entry, in a file that is moved aside when it has grown, so
 * that there are two at most. It is for people to look back; a line that is lost by a crash is missed
 * by nobody, so nothing waits for the disk.
 */
import { appendFile, readFile, rename } from "node:fs/promises";

export class EventFile {
  readonly #path: string;
  readonly #mostBytes: number;
  #bytes = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param mostBytes of each of the two files */
  constructor(path: string, mostBytes = 128 * 1024) {
    this.#path = path;
    this.#mostBytes = mostBytes;
  }

  /** All lines that are left, the oldest first. Before the first `append`. */
  async read(): Promise<readonly string[]> {
    const [older, newer] = await Promise.all([textOf(this.#former), textOf(this.#path)]);
    this.#bytes = Buffer.byteLength(newer);
    return (older + newer).split("\n").filter((line) => line !== "");
  }

  /** @param line without a line break */
  append(line: string): void {
    this.#last = this.#last.then(() => this.#write(`${line}\n`)).catch(() => undefined);
  }

  /** Resolves when all has been tried that was appended. */
  get written(): Promise<unknown> {
    return this.#last;
  }

  get #former(): string {
    return `${this.#path}.1`;
  }

  async #write(text: string): Promise<void> {
    if (this.#bytes > this.#mostBytes) {
      await rename(this.#path, this.#former);
      this.#bytes = 0;
    }
    await appendFile(this.#path, text, { mode: 0o600 });
    this.#bytes += Buffer.byteLength(text);
  }
}

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
