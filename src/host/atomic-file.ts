/** A file that is, whatever happens, as it was before a write or as it is after it. */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "./errno.ts";

export class AtomicFile {
  readonly path: string;
  readonly #mode: number;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string, mode = 0o600) {
    this.path = path;
    this.#mode = mode;
  }

  /** Undefined if it was never written. */
  async read(): Promise<string | undefined> {
    try {
      return await readFile(this.path, "utf8");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Resolves once it would survive a loss of power. Writes take effect in the order of the calls. */
  async write(content: string): Promise<void> {
    const write = this.#last.then(() => this.#replace(content));
    // One that fails does not fail the next.
    this.#last = write.catch(() => undefined);
    await write;
  }

  async #replace(content: string): Promise<void> {
    // One name, for there is one writer: what a crash leaves behind is used again.
    const temporary = `${this.path}.new`;
    try {
      await writeDurably(temporary, content, this.#mode);
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await using folder = await open(dirname(this.path), "r");
    await folder.sync();
  }
}

async function writeDurably(path: string, content: string, mode: number): Promise<void> {
  await using file = await open(path, "w", mode);
  await file.writeFile(content);
  await file.sync();
}
