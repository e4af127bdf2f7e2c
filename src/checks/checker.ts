/**
 * Looks at one check, never twice at the same time, and never longer than it may take: what does not
 * answer is killed, and what cannot even be killed is given up. Decides nothing.
 */
import type { Cancel, Clock } from "../supervision/ports.ts";
import { type Millis, ms, seconds } from "../supervision/time.ts";
import type { Answer } from "./answer.ts";
import type { CheckView } from "./describe.ts";
import { judge, tooLate } from "./judge.ts";
import type { LeftBehind, Look, Looker, Question } from "./ports.ts";
import { nextLook } from "./schedule.ts";
import { advance, type CheckState, initialState, isInDoubt } from "./state.ts";
import type { Check, Target } from "./target.ts";

export interface CheckerDeps {
  readonly clock: Clock;
  readonly wallClock: () => Date;
  readonly looker: Looker;
  /** Told of each answer, whether it changes anything or not. */
  readonly looked: (look: FinishedLook) => void;
  /** Told when what is believed is something else than before. */
  readonly changed: (view: CheckView, from: CheckState) => void;
  /** When it is looked at next is another time than before. */
  readonly rescheduled: () => void;
}

export interface FinishedLook {
  readonly check: string;
  readonly answer: Answer;
  readonly took: Millis;
}

/** What was killed goes at once, or it waits for something that does not let it go. */
const gracePeriod = seconds(1);

export class Checker implements Disposable {
  readonly check: Check;
  readonly #deps: CheckerDeps;
  #state: CheckState;
  #due: Millis | undefined;
  #current: { readonly look: Look; readonly startedAt: Date; cancel: Cancel } | undefined;
  #leftBehind: LeftBehind | undefined;
  #isDisposed = false;

  constructor(check: Check, leftBehind: LeftBehind | undefined, deps: CheckerDeps) {
    this.check = check;
    this.#deps = deps;
    this.#leftBehind = leftBehind;
    this.#due = deps.clock.now();
    this.#state = initialState(this.#due);
  }

  get view(): CheckView {
    return { check: this.check, state: this.#state, due: this.#due };
  }

  /** When it wants to be looked at; undefined while it is. */
  get due(): Millis | undefined {
    return this.#due;
  }

  /** Returns at once. */
  look(): void {
    if (this.#current !== undefined || this.#isDisposed) return;
    if (this.#leftBehind?.isThere() === true) this.#waitFor(this.#leftBehind);
    else this.#ask();
  }

  /** What is under way, for whoever takes the place of this checker. */
  get leftBehind(): LeftBehind | undefined {
    const { startedAt } = this.#current ?? {};
    if (startedAt === undefined) return this.#leftBehind;
    return { startedAt, isThere: () => this.#current !== undefined };
  }

  /** Kills what is under way, and waits for nothing. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#current?.cancel();
    this.#current?.look.kill();
  }

  #waitFor({ startedAt }: LeftBehind): void {
    const { clock, wallClock } = this.#deps;
    const age = ms(wallClock().getTime() - startedAt.getTime());
    if (age < this.check.timeout + gracePeriod) {
      this.#due = ms(clock.now() + gracePeriod);
      this.#deps.rescheduled();
      return;
    }
    this.#advance({ kind: "hung", askedAt: ms(clock.now() - age) });
    this.#schedule();
  }

  #ask(): void {
    const { clock, wallClock, looker } = this.#deps;
    const { target, name, timeout } = this.check;
    const askedAt = clock.now();
    this.#leftBehind = undefined;
    this.#due = undefined;
    const look =
      target.kind === "http"
        ? looker.get(target.url)
        : looker.run({ check: name, question: questionOf(target) });
    let patience: "in-time" | "late" | "hung" = "in-time";
    const hang = (): void => {
      patience = "hung";
      this.#tell(askedAt, tooLate(timeout));
      this.#advance({ kind: "hung", askedAt });
    };
    const giveUp = (): void => {
      patience = "late";
      look.kill();
      current.cancel = clock.schedule(gracePeriod, hang);
    };
    const current = { look, startedAt: wallClock(), cancel: clock.schedule(timeout, giveUp) };
    this.#current = current;
    void look.ended.then(async (looked) => {
      current.cancel();
      const mark = target.kind === "home" ? await target.mark() : undefined;
      const now = wallClock();
      this.#current = undefined;
      if (this.#isDisposed) return;
      if (patience === "hung") this.#askAnew();
      else {
        const isLate = patience === "late";
        this.#finish(askedAt, isLate ? tooLate(timeout) : judge(target, looked, { now, mark }));
      }
    });
  }

  /** That what hung has gone at last is no answer. */
  #askAnew(): void {
    this.#due = this.#deps.clock.now();
    this.#deps.rescheduled();
  }

  #finish(askedAt: Millis, answer: Answer): void {
    this.#tell(askedAt, answer);
    this.#advance({ kind: "answered", askedAt, answer });
    this.#schedule();
  }

  #tell(askedAt: Millis, answer: Answer): void {
    const took = ms(this.#deps.clock.now() - askedAt);
    this.#deps.looked({ check: this.check.name, answer, took });
  }

  #advance(event: Parameters<typeof advance>[2]): void {
    const from = this.#state;
    this.#state = advance(this.check, from, event);
    if (this.#state.kind !== from.kind) this.#deps.changed(this.view, from);
  }

  #schedule(): void {
    this.#due = nextLook(this.check.every, isInDoubt(this.#state), this.#deps.clock.now());
    this.#deps.rescheduled();
  }
}

type Asked = Exclude<Target, { readonly kind: "http" }>;

function questionOf(target: Asked): Question {
  switch (target.kind) {
    case "command":
      return target;
    case "free-space":
      return { kind: "space", path: target.path };
    case "mount":
    case "file":
    case "certificate":
    case "home":
      return { kind: target.kind, path: target.path };
    default:
      return target satisfies never;
  }
}
