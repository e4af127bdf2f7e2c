/** One unit's output in a file, which the children hold open themselves: it goes on without us. */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, messageOf } from "./errno.ts";
import type { OpenedOutput, Output } from "./output.ts";
import { toLines } from "./output-lines.ts";

const tailBytes = 16 * 1024;
const { O_APPEND, O_CREAT, O_WRONLY } = constants;

export class OutputFile implements Output {
  readonly path: string;
  /** Where the words of the newest child begin: its predecessor's are not its own. */
  #began = 0;
  /** The same in the file that was last set aside; undefined if that holds none of them. */
  #beganInKept: number | undefined;
  #lost: string | undefined;

  constructor(path: string) {
    this.path = path;
  }

  open(): OpenedOutput {
    try {
      const fd = this.#append();
      this.#lost = undefined;
      this.#began = fstatSync(fd).size;
      this.#beganInKept = undefined;
      return { stdio: fd, [Symbol.dispose]: () => closeSync(fd) };
    } catch (error) {
      const code = errnoOf(error);
      if (code === undefined || code === "EMFILE" || code === "ENFILE") throw error;
      // A disk that is full or broken must not keep a unit from running: it runs unheard.
      this.#lost = `its output is lost: ${messageOf(error)}`;
      return { stdio: "ignore", [Symbol.dispose]: () => undefined };
    }
  }

  follow(): void {
    this.#lost = undefined;
    this.#began = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    this.#beganInKept = undefined;
  }

  lastLines(): readonly string[] {
    if (this.#lost !== undefined) return [this.#lost];
    try {
      const current = readTail(this.path, this.#began, tailBytes);
      const room = tailBytes - current.bytes.length;
      if (this.#beganInKept === undefined || room <= 0) {
        return toLines(current.bytes, current.isCut);
      }
      const kept = readTail(`${this.path}.1`, this.#beganInKept, room);
      return toLines(Buffer.concat([kept.bytes, current.bytes]), kept.isCut);
    } catch (error) {
      return [`its last words cannot be read: ${messageOf(error)}`];
    }
  }

  /** The file has been set aside, without its first `dropped` bytes, and begins anew. */
  rotated(dropped: number): void {
    const isOlder = this.#beganInKept !== undefined;
    this.#beganInKept = isOlder ? 0 : Math.max(0, this.#began - dropped);
    this.#began = 0;
  }

  #append(): number {
    const flags = O_APPEND | O_CREAT | O_WRONLY;
    try {
      return openSync(this.path, flags, 0o640);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o750 });
      return openSync(this.path, flags, 0o640);
    }
  }
}

interface Tail {
  readonly bytes: Buffer;
  /** Whether something before it was left out. */
  readonly isCut: boolean;
}

function readTail(path: string, from: number, limit: number): Tail {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    // Shorter than it was: somebody else has truncated it.
    const begin = size < from ? 0 : from;
    const start = Math.max(begin, size - limit);
    const buffer = Buffer.allocUnsafe(Math.max(0, size - start));
    const length = readSync(fd, buffer, 0, buffer.length, start);
    return { bytes: buffer.subarray(0, length), isCut: start > begin };
  } finally {
    closeSync(fd);
  }
}
