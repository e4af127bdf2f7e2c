/**
 * Looks whether processes of others still are there: each second at those of which nothing else will
 * tell, and at the others now and then, in case it should fail. One timer serves all of them.
 */
import { isThere, type ProcessIdentity } from "./processes.ts";

export interface LookoutPace {
  readonly oftenMs: number;
  readonly seldomMs: number;
}

const usualPace: LookoutPace = { oftenMs: 1_000, seldomMs: 10_000 };
const firstPauseMs = 1;

export interface Watch extends Disposable {
  /** It seems to have ended: looks at once, soon again, and from then on often. */
  suspect(): void;
}

interface Watched {
  readonly process: ProcessIdentity;
  readonly gone: () => void;
  isOften: boolean;
  lookedAt: number;
}

export class Lookout implements Disposable {
  readonly #pace: LookoutPace;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(pace = usualPace) {
    this.#pace = pace;
  }

  /** @param gone called once, never from inside this call */
  watch(process: ProcessIdentity, isOften: boolean, gone: () => void): Watch {
    const watched: Watched = { process, gone, isOften, lookedAt: performance.now() };
    this.#watched.add(watched);
    this.#arm();
    return {
      suspect: () => this.#suspect(watched, firstPauseMs),
      [Symbol.dispose]: () => this.#watched.delete(watched),
    };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#watched.clear();
  }

  /** A process lets go of its lifeline some microseconds before it is a zombie. */
  #suspect(watched: Watched, pauseMs: number): void {
    if (!this.#watched.has(watched) || this.#look(watched)) return;
    watched.isOften = true;
    if (pauseMs >= this.#pace.oftenMs) this.#arm();
    else setTimeout(() => this.#suspect(watched, 2 * pauseMs), pauseMs).unref();
  }

  #arm(): void {
    const { oftenMs, seldomMs } = this.#pace;
    const everyMs = [...this.#watched].some(({ isOften }) => isOften) ? oftenMs : seldomMs;
    const dueAt = performance.now() + everyMs;
    if (this.#watched.size === 0 || dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#round(), everyMs).unref();
  }

  #round(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    const { oftenMs, seldomMs } = this.#pace;
    // A timer may be early by a moment.
    const seldom = performance.now() - seldomMs + oftenMs / 2;
    for (const watched of this.#watched) {
      if (watched.isOften || watched.lookedAt < seldom) this.#look(watched);
    }
    this.#arm();
  }

  /** Whether it is gone. */
  #look(watched: Watched): boolean {
    watched.lookedAt = performance.now();
    if (isThere(watched.process)) return false;
    this.#watched.delete(watched);
    watched.gone();
    return true;
  }
}
