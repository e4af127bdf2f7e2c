/**
 * Keeps pools closed for as long as what they require does not hold, and no longer. What it has to do
 * follows from what is believed and what is remembered: a daemon that comes back goes on from there.
 */
import { type Requiring, type Wanted, wantedOf } from "../checks/closing.ts";
import type { CheckState } from "../checks/state.ts";
import type { Answer } from "../prefect/api/transport.ts";
import type { Closure } from "../prefect/runs/closure.ts";
import type { Intake } from "../prefect/runs/intake.ts";
import type { Clock } from "../supervision/ports.ts";
import { minutes, seconds } from "../supervision/time.ts";
import { RepeatingTask, type TaskOutcome } from "./repeating-task.ts";

export interface PoolCloserDeps {
  readonly clock: Clock;
  readonly intake: Pick<Intake, "close" | "open" | "review" | "isThere">;
  readonly pools: () => readonly Requiring[];
  readonly stateOf: (check: string) => CheckState | undefined;
  readonly closures: () => Readonly<Record<string, Closure>>;
  /** Whether Prefect last said that it is paused. */
  readonly isPaused: (pool: string) => boolean;
  /** When it was changed, as Prefect said last. */
  readonly changedAt: (pool: string) => string | undefined;
  readonly overruled: () => readonly string[];
  readonly keepOverruled: (pools: readonly string[]) => Promise<void>;
  readonly told: (what: "closed" | "opened" | "left-paused" | "overruled", pool: string) => void;
}

const again: TaskOutcome = { kind: "retry-in", span: seconds(10) };
const settled: TaskOutcome = { kind: "settled" };

export class PoolCloser implements Disposable {
  readonly #deps: PoolCloserDeps;
  readonly #task: RepeatingTask;

  constructor(deps: PoolCloserDeps) {
    this.#deps = deps;
    this.#task = new RepeatingTask(deps.clock, minutes(10), (signal) => this.#settle(signal));
  }

  get isOverdue(): boolean {
    return this.#task.isOverdue;
  }

  /** To be called whenever something may be different; costs nothing if nothing is. */
  look(): void {
    if (this.#steps().length > 0) this.#task.request();
  }

  [Symbol.dispose](): void {
    this.#task[Symbol.dispose]();
  }

  #steps(): readonly Step[] {
    const { pools, stateOf, closures, overruled, isPaused, changedAt } = this.#deps;
    const declared = new Map(pools().map((pool) => [pool.name, wantedOf(pool, stateOf)]));
    const closed = Object.entries(closures()).flatMap(([name, { reasons }]) =>
      reasons.includes("check") ? [name] : [],
    );
    // What is not declared any more requires nothing.
    const names = new Set([...declared.keys(), ...closed, ...overruled()]);
    return [...names].flatMap((pool): readonly Step[] => {
      const is = {
        isClosed: closed.includes(pool),
        isOverruled: overruled().includes(pool),
        isPaused: isPaused(pool),
        isChanged: isChangedSince(closures()[pool]?.stamp, changedAt(pool)),
      };
      const kind = stepFor(declared.get(pool) ?? "open", is);
      return kind === undefined ? [] : [{ kind, pool }];
    });
  }

  async #settle(signal: AbortSignal): Promise<TaskOutcome> {
    let outcome = settled;
    for (const step of this.#steps()) {
      const answer = await this.#perform(step, signal);
      if (signal.aborted) return settled;
      if (answer.kind !== "ok" || answer.value === "not-there") outcome = again;
    }
    return outcome;
  }

  async #perform({ kind, pool }: Step, signal: AbortSignal): Promise<Answer<"done" | "not-there">> {
    const { intake, told, closures, overruled, keepOverruled, isPaused } = this.#deps;
    switch (kind) {
      case "close": {
        const isThere = await intake.isThere(pool, signal);
        if (isThere.kind !== "ok") return isThere;
        if (!isThere.value) return notThere;
        const closed = await intake.close(pool, "check", signal);
        if (closed.kind !== "ok") return closed;
        told("closed", pool);
        return done;
      }
      case "open": {
        const opened = await intake.open(pool, "check", signal);
        if (opened.kind !== "ok") return opened;
        if (closures()[pool] === undefined) told(isPaused(pool) ? "left-paused" : "opened", pool);
        return done;
      }
      case "review": {
        const before = closures()[pool];
        const reviewed = await intake.review(pool, "check", signal);
        if (reviewed.kind !== "ok") return reviewed;
        const closure = closures()[pool];
        if (closure?.reasons.includes("check") === true) {
          if (before?.isToldOf === undefined && closure.isToldOf === true) told("closed", pool);
          return done;
        }
        await keepOverruled([...overruled(), pool]);
        told("overruled", pool);
        return done;
      }
      case "forget":
        await keepOverruled(overruled().filter((one) => one !== pool));
        return done;
      default:
        return kind satisfies never;
    }
  }
}

const isChangedSince = (stamp: Closure["stamp"], changedAt: string | undefined): boolean =>
  stamp !== undefined && changedAt !== undefined && changedAt !== stamp.updated;

interface Step {
  readonly kind: StepKind;
  readonly pool: string;
}

/** `review`: it should be paused, and is not, or it was changed by somebody. `forget`: that an operator has overruled us. */
type StepKind = "close" | "open" | "review" | "forget";

export interface PoolAsItIs {
  /** By us, for a check. */
  readonly isClosed: boolean;
  readonly isOverruled: boolean;
  readonly isPaused: boolean;
  /** Since we have paused it. */
  readonly isChanged: boolean;
}

export function stepFor(wanted: Wanted, is: PoolAsItIs): StepKind | undefined {
  switch (wanted) {
    case "closed":
      if (is.isOverruled) return undefined;
      if (!is.isClosed) return "close";
      return is.isPaused && !is.isChanged ? undefined : "review";
    case "open":
      if (is.isClosed) return "open";
      return is.isOverruled ? "forget" : undefined;
    case "leave":
      return undefined;
    default:
      return wanted satisfies never;
  }
}

const done = { kind: "ok", value: "done" } as const;
const notThere = { kind: "ok", value: "not-there" } as const;
