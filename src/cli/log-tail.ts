/**
 * Reads the lines of one output file, also of one that is rotated while it is read: its content is
 * then copied to `.1` and the file emptied in place.
 */
import { statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { LineSplitter } from "./line-splitter.ts";

const chunkBytes = 64 * 1024;

export class LogTail {
  readonly #path: string;
  readonly #splitter = new LineSplitter();
  #offset = 0;
  /** Where to go on in the predecessor first. */
  #keptOffset: number | undefined;
  /** Tells one predecessor from the next. */
  #keptStamp: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Moves to where the last `lines` begin; in the predecessor if there are not enough here. */
  async seekLast(lines: number): Promise<void> {
    this.#keptStamp = stampOf(this.#keptPath);
    const here = await startOfLast(this.#path, lines);
    this.#offset = here.offset;
    if (here.missing === 0) return;
    const kept = await startOfLast(this.#keptPath, here.missing);
    this.#keptOffset = kept.offset;
  }

  get #keptPath(): string {
    return `${this.#path}.1`;
  }

  /** The whole lines that have come since the last time. */
  async *read(): AsyncGenerator<string> {
    const [size, stamp] = [sizeOf(this.#path), stampOf(this.#keptPath)];
    if (size < this.#offset) {
      // An older predecessor has nothing to do with it: the file was removed, or emptied for good.
      if (stamp !== this.#keptStamp) this.#keptOffset = this.#offset;
      this.#offset = 0;
    }
    this.#keptStamp = stamp;
    if (this.#keptOffset !== undefined) {
      yield* this.#readFrom(this.#keptPath, this.#keptOffset);
      this.#keptOffset = undefined;
    }
    this.#offset = yield* this.#readFrom(this.#path, this.#offset);
  }

  /** What there is of a line that has not ended. */
  rest(): Generator<string> {
    return this.#splitter.flush();
  }

  async *#readFrom(path: string, from: number): AsyncGenerator<string, number> {
    await using file = await openIfThere(path);
    let offset = from;
    if (file === undefined) return offset;
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) return offset;
      offset += bytesRead;
      yield* this.#splitter.push(buffer.subarray(0, bytesRead));
    }
  }
}

interface Start {
  readonly offset: number;
  /** How many lines the file has too few. */
  readonly missing: number;
}

async function startOfLast(path: string, lines: number): Promise<Start> {
  await using file = await openIfThere(path);
  if (file === undefined) return { offset: 0, missing: lines };
  const { size } = await file.stat();
  if (lines === 0) return { offset: size, missing: 0 };
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let found = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkBytes);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    const chunk = buffer.subarray(0, bytesRead);
    // The break that ends the last line begins none.
    let at = chunk.length - (end === size ? 2 : 1);
    for (at = lastBreak(chunk, at); at >= 0; at = lastBreak(chunk, at - 1)) {
      found += 1;
      if (found === lines) return { offset: start + at + 1, missing: 0 };
    }
    end = start;
  }
  return { offset: 0, missing: lines - (size === 0 ? 0 : found + 1) };
}

/** `lastIndexOf` counts a negative position from the end. */
const lastBreak = (chunk: Buffer, from: number): number =>
  from < 0 ? -1 : chunk.lastIndexOf(10, from);

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function stampOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
