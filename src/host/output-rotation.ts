/**
 * Bounds the output files while their writers hold them open. A quiet file costs nothing: the
 * kernel tells us of its next line. A growing one is not watched, for each line would wake us,
 * but looked at up to fifty times a second, the oftener the sooner it is full.
 *
 * A unit takes (keep + 1) × maxBytes of disk. While it prints as fast as it can, that may be twice as
 * much, and once more for the copy, and what it writes between two looks.
 */
import { type FSWatcher, statSync, watch } from "node:fs";
import { copyAndTruncate, type RotationLimits } from "./copy-truncate.ts";
import { errnoOf, messageOf } from "./errno.ts";

/** What is bounded, and told of it. */
export interface Rotated {
  readonly path: string;
  rotated(droppedBytes: number): void;
}

export interface OutputRotationDeps {
  readonly limits?: RotationLimits;
  /** What went wrong, as a sentence. */
  readonly report: (trouble: string) => void;
}

interface Followed {
  readonly file: Rotated;
  /** Undefined while it grows. */
  watcher: FSWatcher | undefined;
  /** When it was last looked at; nothing yet if negative. */
  size: number;
}

const defaultLimits: RotationLimits = { maxBytes: 8 * 1024 * 1024, keep: 3 };
const longestPauseMs = 250;
const shortestPauseMs = 20;

export class OutputRotation implements Disposable {
  readonly #limits: RotationLimits;
  readonly #report: (trouble: string) => void;
  readonly #followed = new Map<string, Followed>();
  #timer: NodeJS.Timeout | undefined;
  #lastLook = performance.now();
  #isLooking = false;
  #isDisposed = false;

  constructor({ limits = defaultLimits, report }: OutputRotationDeps) {
    this.#limits = limits;
    this.#report = report;
  }

  /** Again for each spawn: a file that had been removed is there again. */
  follow(file: Rotated): void {
    if (this.#followed.has(file.path)) return;
    this.#followed.set(file.path, { file, watcher: undefined, size: -1 });
    this.#lookIn(longestPauseMs);
  }

  /** How many files are quiet, and cost nothing. */
  get resting(): number {
    return [...this.#followed.values()].filter(({ watcher }) => watcher !== undefined).length;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    for (const { watcher } of this.#followed.values()) watcher?.close();
    this.#followed.clear();
  }

  #lookIn(pauseMs: number): void {
    if (this.#timer !== undefined || this.#isLooking || this.#isDisposed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, pauseMs).unref();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const now = performance.now();
    const elapsedMs = Math.max(1, now - this.#lastLook);
    this.#lastLook = now;
    let pauseMs: number | undefined;
    for (const followed of this.#followed.values()) {
      if (followed.watcher !== undefined) continue;
      const nextMs = await this.#lookAt(followed, elapsedMs);
      if (followed.watcher !== undefined || !this.#followed.has(followed.file.path)) continue;
      pauseMs = Math.min(pauseMs ?? longestPauseMs, Math.max(shortestPauseMs, nextMs));
    }
    this.#isLooking = false;
    if (pauseMs !== undefined) this.#lookIn(pauseMs);
  }

  /** Returns how long to wait for the next look: half of what it takes to be full at this pace. */
  async #lookAt(followed: Followed, elapsedMs: number): Promise<number> {
    const size = sizeOf(followed.file.path);
    if (size === undefined) {
      // Removed, or not there yet: whoever writes next makes it, and follows it again.
      this.#followed.delete(followed.file.path);
      return longestPauseMs;
    }
    const before = followed.size;
    followed.size = size;
    if (size >= this.#limits.maxBytes) {
      await this.#rotate(followed.file);
      followed.size = 0;
    } else if (size === before) {
      this.#rest(followed);
    }
    const bytesPerMs = before < 0 ? 0 : Math.max(0, size - before) / elapsedMs;
    const room = this.#limits.maxBytes - followed.size;
    return bytesPerMs === 0 ? longestPauseMs : room / bytesPerMs / 2;
  }

  async #rotate(file: Rotated): Promise<void> {
    try {
      file.rotated(await copyAndTruncate(file.path, this.#limits));
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      file.rotated(Number.POSITIVE_INFINITY);
      this.#report(`${file.path} was full and could not be set aside: ${messageOf(error)}`);
    }
  }

  #rest(followed: Followed): void {
    if (this.#isDisposed) return;
    const { path } = followed.file;
    try {
      const watcher = watch(path, { persistent: false }, () => this.#wake(followed));
      watcher.on("error", () => this.#wake(followed));
      followed.watcher = watcher;
    } catch (error) {
      // No inotify watch is left (ENOSPC), or it has just gone: the next look will show.
      if (errnoOf(error) === undefined) throw error;
      return;
    }
    // A line that came before the watch was there would never be noticed.
    if (sizeOf(path) !== followed.size) this.#wake(followed);
  }

  #wake(followed: Followed): void {
    followed.watcher?.close();
    followed.watcher = undefined;
    this.#lookIn(longestPauseMs);
  }
}

const sizeOf = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.size;
