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
  #current: AbortController | undefined;
  #isAskedAgain = false;
  #isDisposed = false;
  #cancelRetry: Cancel = () => undefined;

  constructor(clock: Clock, task: (signal: AbortSignal) => Promise<TaskOutcome>) {
    this.#clock = clock;
    this.#task = task;
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
    const outcome = await this.#task(current.signal);
    this.#current = undefined;
    if (this.#isDisposed) return;
    if (this.#isAskedAgain) {
      this.#isAskedAgain = false;
      this.request();
    } else if (outcome.kind === "retry-in") {
      this.#cancelRetry = this.#clock.schedule(outcome.span, () => this.request());
    }
  }
}
