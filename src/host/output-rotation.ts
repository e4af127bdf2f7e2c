/**
 * Bounds the output files while their writers hold them open. A quiet file costs nothing: the
 * kernel tells us of its next line. A growing one is not watched, for each line would wake us,
 * but looked at, the oftener the sooner it is full.
 *
 * A unit takes (keep + 1) × maxBytes of disk. While it prints as fast as it can, that may be twice as
 * much, and once more for the copy, and what it writes between two looks.
 */
import { type FSWatcher, statSync, watch } from "node:fs";
import { ms } from "../supervision/time.ts";
import { copyAndTruncate, type RotationLimits } from "./copy-truncate.ts";
import { errnoOf, messageOf } from "./errno.ts";
import { nextLook, type OutputPace, usualPace } from "./output-pace.ts";

/** What is bounded, and told of it. */
export interface Rotated {
  readonly path: string;
  rotated(droppedBytes: number): void;
}

export interface OutputRotationDeps {
  readonly limits?: RotationLimits;
  readonly pace?: OutputPace;
  /** What went wrong, as a sentence. */
  readonly report: (trouble: string) => void;
}

interface Followed {
  readonly file: Rotated;
  /** Undefined while it grows. */
  watcher: FSWatcher | undefined;
  /** At the last look. */
  size: number;
  lookedAt: number;
  grewAt: number;
  isRestless: boolean;
  /** When it is to be looked at. Others that grow are looked at with it. */
  due: number;
}

const defaultLimits: RotationLimits = { maxBytes: 8 * 1024 * 1024, keep: 3 };

export class OutputRotation implements Disposable {
  readonly #limits: RotationLimits;
  readonly #pace: OutputPace;
  readonly #report: (trouble: string) => void;
  readonly #followed = new Map<string, Followed>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isDisposed = false;

  constructor({ limits = defaultLimits, pace = usualPace, report }: OutputRotationDeps) {
    this.#limits = limits;
    this.#pace = pace;
    this.#report = report;
  }

  /** Again for each spawn: a file that had been removed is there again. */
  follow(file: Rotated): void {
    if (this.#followed.has(file.path)) return;
    const now = performance.now();
    this.#followed.set(file.path, {
      file,
      watcher: undefined,
      size: sizeOf(file.path) ?? 0,
      lookedAt: now,
      grewAt: now,
      isRestless: false,
      due: now + this.#pace.firstPause,
    });
    this.#schedule();
  }

  /** Nobody writes into it any more. Resolves when it has been looked at for the last time. */
  async unfollow(path: string): Promise<void> {
    const followed = this.#followed.get(path);
    if (followed === undefined) return;
    followed.watcher?.close();
    this.#followed.delete(path);
    // It may be set aside right now.
    await this.#looking;
    if ((sizeOf(path) ?? 0) >= this.#limits.maxBytes) await this.#rotate(followed.file);
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

  get #growing(): readonly Followed[] {
    return [...this.#followed.values()].filter(({ watcher }) => watcher === undefined);
  }

  #schedule(): void {
    if (this.#looking !== undefined || this.#isDisposed) return;
    clearTimeout(this.#timer);
    const due = Math.min(...this.#growing.map((followed) => followed.due));
    if (due === Number.POSITIVE_INFINITY) return;
    const pauseMs = Math.max(0, due - performance.now());
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
        this.#schedule();
      });
    }, pauseMs).unref();
  }

  async #look(): Promise<void> {
    for (const followed of this.#growing) await this.#lookAt(followed);
  }

  async #lookAt(followed: Followed): Promise<void> {
    const { path } = followed.file;
    if (!this.#isFollowed(followed)) return;
    const size = sizeOf(path);
    if (size === undefined) {
      // Removed, or not there yet: whoever writes next makes it, and follows it again.
      this.#followed.delete(path);
      return;
    }
    const now = performance.now();
    const addedBytes = size - followed.size;
    const within = ms(now - followed.lookedAt);
    followed.size = size;
    followed.lookedAt = now;
    if (addedBytes !== 0) followed.grewAt = now;
    if (size >= this.#limits.maxBytes) {
      await this.#rotate(followed.file);
      followed.size = 0;
      if (!this.#isFollowed(followed)) return;
    }
    const next = nextLook(this.#pace, {
      addedBytes,
      within,
      roomBytes: this.#limits.maxBytes - followed.size,
      quietFor: ms(now - followed.grewAt),
      isRestless: followed.isRestless,
    });
    if (next.kind === "rest") this.#rest(followed);
    else followed.due = now + next.in;
  }

  #isFollowed(followed: Followed): boolean {
    return this.#followed.get(followed.file.path) === followed;
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
      followed.due = performance.now() + this.#pace.longestPause;
      return;
    }
    // A line that came before the watch was there would never be noticed.
    if (sizeOf(path) !== followed.size) this.#wake(followed);
  }

  #wake(followed: Followed): void {
    followed.watcher?.close();
    followed.watcher = undefined;
    const now = performance.now();
    followed.size = sizeOf(followed.file.path) ?? followed.size;
    followed.isRestless = now - followed.grewAt < this.#pace.quietSpan;
    followed.lookedAt = now;
    followed.grewAt = now;
    followed.due = now + this.#pace.firstPause;
    this.#schedule();
  }
}

const sizeOf = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.size;
