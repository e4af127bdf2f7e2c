/** All checks that are declared: one timer wakes for those that are due, and none waits for another. */
import type { Cancel, Clock } from "../supervision/ports.ts";
import { type Millis, ms } from "../supervision/time.ts";
import { Checker, type CheckerDeps } from "./checker.ts";
import type { CheckView } from "./describe.ts";
import type { LeftBehind } from "./ports.ts";
import type { Check } from "./target.ts";

export type ChecksDeps = Omit<CheckerDeps, "rescheduled">;

export class Checks implements Disposable {
  readonly #deps: ChecksDeps;
  readonly #clock: Clock;
  #checkers: readonly Checker[] = [];
  readonly #leftBehind: Map<string, LeftBehind>;
  #armedFor: Millis | undefined;
  #cancel: Cancel = () => undefined;

  constructor(deps: ChecksDeps) {
    this.#deps = deps;
    this.#clock = deps.clock;
    this.#leftBehind = new Map(deps.looker.leftBehind());
  }

  get views(): readonly CheckView[] {
    return this.#checkers.map(({ view }) => view);
  }

  /** Replaces what was declared before; what is the same goes on as it is. */
  declare(checks: readonly Check[]): void {
    // Of one that is changed or gone, a look may still be under way: the next waits for its end.
    const before = new Map(this.#checkers.map((checker) => [checker.check.name, checker]));
    this.#checkers = checks.map((check) => {
      const known = before.get(check.name);
      if (known !== undefined && isSame(known.check, check)) {
        before.delete(check.name);
        return known;
      }
      const rescheduled = (): void => this.#arm();
      const left = known?.leftBehind ?? this.#leftBehind.get(check.name);
      return new Checker(check, left, { ...this.#deps, rescheduled });
    });
    for (const [name, gone] of before) {
      const { leftBehind } = gone;
      if (leftBehind !== undefined) this.#leftBehind.set(name, leftBehind);
      gone[Symbol.dispose]();
    }
    this.#arm();
  }

  [Symbol.dispose](): void {
    this.#cancel();
    for (const checker of this.#checkers) checker[Symbol.dispose]();
  }

  #arm(): void {
    const times = this.#checkers.flatMap(({ due }) => due ?? []);
    const next = times.length === 0 ? undefined : ms(Math.min(...times));
    if (next === this.#armedFor) return;
    this.#cancel();
    this.#armedFor = next;
    if (next === undefined) return;
    const span = ms(Math.max(0, next - this.#clock.now()));
    this.#cancel = this.#clock.schedule(span, () => this.#wake());
  }

  #wake(): void {
    this.#armedFor = undefined;
    const now = this.#clock.now();
    for (const checker of this.#checkers) {
      if (checker.due !== undefined && checker.due <= now) checker.look();
    }
    this.#arm();
  }
}

/** Of values alone: a target holds functions, which are the same for the same place. */
const isSame = (one: Check, other: Check): boolean => JSON.stringify(one) === JSON.stringify(other);
