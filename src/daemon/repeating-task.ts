/** Does one thing at a time, again when it is asked for, and again after a while if that did not do. */
import type { Cancel, Clock } from "../supervision/ports.ts";
import type { Millis } from "../supervision/time.ts";

/** `retry-in`: what it found may be different then. */
export type TaskOutcome =
  | { readonly kind: "settled" }
  | { readonly kind: "retry-in"; readonly span: Millis };

export class RepeatingTask implements Disposable {
  readonly #clock: Clock;
  readonly #task: (signal: AbortSignal) => Promise<TaskOutcome>;
  readonly #limit: Millis;
  #current: AbortController | undefined;
  #startedAt: Millis | undefined;
  #isAskedAgain = false;
  #isDisposed = false;
  #cancelRetry: Cancel = () => undefined;

  /** @param limit what one turn of it stays below, by the time limits of all its steps */
  constructor(clock: Clock, limit: Millis, task: (signal: AbortSignal) => Promise<TaskOutcome>) {
    this.#clock = clock;
    this.#limit = limit;
    this.#task = task;
  }

  /** Whether it is under way for longer than it can be: it will not come back. */
  get isOverdue(): boolean {
    return this.#startedAt !== undefined && this.#clock.now() - this.#startedAt > this.#limit;
  }

  /** Now, or as soon as the one under way is done. */
  request(): void {
    this.#cancelRetry();
    if (this.#isDisposed) return;
    if (this.#current === undefined) void this.#run();
    else this.#isAskedAgain = true;
  }

  /** What is under way is cut short: it was about something that is no more. */
  restart(): void {
    this.#current?.abort();
    this.request();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#cancelRetry();
    this.#current?.abort();
  }

  async #run(): Promise<void> {
    const current = new AbortController();
    this.#current = current;
    this.#startedAt = this.#clock.now();
    const outcome = await this.#task(current.signal);
    this.#current = undefined;
    this.#startedAt = undefined;
    if (this.#isDisposed) return;
    if (this.#isAskedAgain) {
      this.#isAskedAgain = false;
      this.request();
    } else if (outcome.kind === "retry-in") {
      this.#cancelRetry = this.#clock.schedule(outcome.span, () => this.request());
    }
  }
}
