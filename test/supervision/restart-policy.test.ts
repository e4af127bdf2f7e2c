import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Exit } from "../../src/supervision/exit.ts";
import {
  type Death,
  decideRestart,
  noRestarts,
  defaultRestartPolicy as policy,
  type RestartHistory,
} from "../../src/supervision/restart-policy.ts";
import { minutes, ms, seconds } from "../../src/supervision/time.ts";

const clean: Exit = { kind: "exited", code: 0 };
const crash: Exit = { kind: "exited", code: 1 };
const killed: Exit = { kind: "signaled", signal: "SIGKILL" };

const death = (changes: Partial<Death> = {}): Death => ({
  exit: crash,
  cause: "crash",
  readyFor: undefined,
  now: ms(0),
  ...changes,
});

const afterFailures = (failures: number): RestartHistory => ({ ...noRestarts, failures });

describe("which deaths are answered at all", () => {
  test.each([
    ["always", clean, "restart"],
    ["always", crash, "restart"],
    ["on-failure", clean, "stay-down"],
    ["on-failure", crash, "restart"],
    ["on-failure", killed, "restart"],
    ["no", crash, "stay-down"],
  ] as const)("%s after %o: %s", (restart, exit, kind) => {
    expect(decideRestart({ ...policy, restart }, noRestarts, death({ exit }), 0).kind).toBe(kind);
  });
});

describe("how long it waits", () => {
  test.each([
    ["never ready, first time", undefined, 0, 500, 1_000],
    ["never ready, third time", undefined, 2, 2_000, 4_000],
    ["never ready, for the hundredth time", undefined, 99, 30_000, 60_000],
    ["just short of proven", seconds(30) - 1, 6, 30_000, 60_000],
    ["proven", seconds(30), 6, 5_000, 5_000],
    ["just short of stable", seconds(60) - 1, 0, 500, 1_000],
    ["stable", seconds(60), 0, 0, 0],
    ["stable, however often it failed before", seconds(60), 9, 0, 0],
  ] as const)("%s", (_, readyFor, failures, least, most) => {
    const readySpan = readyFor === undefined ? undefined : ms(readyFor);
    const delays = [0, 0.999_999].map((dice) => {
      const decision = decideRestart(
        policy,
        afterFailures(failures),
        death({ readyFor: readySpan }),
        dice,
      );
      return decision.kind === "restart" ? Number(decision.delay) : Number.NaN;
    });
    expect(delays).toEqual([least, most]);
  });

  test("a death that is answered at once leaves the count of failures as it was", () => {
    const decision = decideRestart(policy, afterFailures(3), death({ readyFor: minutes(2) }), 0);
    expect(decision).toMatchObject({ history: { failures: 3 } });
  });
});

describe("the breaker", () => {
  const dieAt = (times: readonly number[], changes: Partial<Death> = {}) => {
    let history = noRestarts;
    for (const now of times) {
      const decision = decideRestart(policy, history, death({ now: ms(now), ...changes }), 0);
      if (decision.kind === "restart") history = decision.history;
    }
    return history.breaker;
  };

  test.each([
    ["five deaths in a row", [0, 1, 2, 3, 4], {}, "open"],
    ["four deaths in a row", [0, 1, 2, 3], {}, "closed"],
    ["five, the first just outside the interval", [0, 1, 2, 3, 600_000], {}, "closed"],
    ["five, the first just inside the interval", [0, 1, 2, 3, 599_999], {}, "open"],
    ["five that had all proven themselves", [0, 1, 2, 3, 4], { readyFor: seconds(30) }, "closed"],
    ["five that had not quite", [0, 1, 2, 3, 4], { readyFor: ms(29_999) }, "open"],
    ["one that only a change can cure", [0], { cause: "config" }, "open"],
    ["a hundred that a dependency caused", Array(100).fill(0), { cause: "dependency" }, "closed"],
  ] as const)("%s: %s", (_, times, changes, expected) => {
    expect(dieAt(times, changes)).toBe(expected);
  });

  test("an open breaker waits five minutes, with a trial after each", () => {
    const halfOpen: RestartHistory = { deaths: [], failures: 7, breaker: "half-open" };
    expect(decideRestart(policy, halfOpen, death(), 0.5)).toMatchObject({
      delay: minutes(5),
      history: { breaker: "open" },
    });
  });

  test("a trial that its dependency cut short is no verdict", () => {
    const halfOpen: RestartHistory = { deaths: [], failures: 7, breaker: "half-open" };
    const decision = decideRestart(policy, halfOpen, death({ cause: "dependency" }), 0);
    expect(decision).toMatchObject({ delay: 500, history: { breaker: "open", failures: 7 } });
  });
});

test("it never gives up, never hammers, and never waits longer than the breaker", () => {
  const lives = fc.array(
    fc.record({
      gap: fc.integer({ min: 0, max: 700_000 }),
      readyFor: fc.option(fc.integer({ min: 0, max: 700_000 }), { nil: undefined }),
      cause: fc.constantFrom("crash", "config", "dependency"),
      dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(lives, (deaths) => {
      let history = noRestarts;
      let now = 0;
      for (const { gap, readyFor, cause, dice } of deaths) {
        now += gap;
        const readySpan = readyFor === undefined ? undefined : ms(readyFor);
        const dying = death({ now: ms(now), cause, readyFor: readySpan });
        const decision = decideRestart(policy, history, dying, dice);
        if (decision.kind === "stay-down") throw new Error("gave up");
        if (readyFor === undefined || readyFor < policy.stableAfter) {
          expect(decision.delay).toBeGreaterThanOrEqual(policy.delay.initial / 2);
        }
        expect(decision.delay).toBeLessThanOrEqual(policy.breaker.delay);
        history = decision.history;
        const isCounted = cause !== "dependency" && (readyFor ?? 0) < policy.stableAfter;
        const windowStart = now - policy.breaker.interval;
        if (isCounted) expect(history.deaths.every((at) => at > windowStart)).toBe(true);
      }
    }),
  );
});
