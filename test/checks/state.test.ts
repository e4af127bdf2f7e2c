import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Answer, type Level, severity } from "../../src/checks/answer.ts";
import {
  advance,
  type CheckEvent,
  type CheckState,
  initialState,
  isInDoubt,
} from "../../src/checks/state.ts";
import { ms } from "../../src/supervision/time.ts";

const rules = { failureThreshold: 2, successThreshold: 2 };

/** `o`k, `w`arn, `f`ail, `e`rror and `h`ung, one each second from second 1 on. */
function play(letters: string, with_ = rules): CheckState {
  let state = initialState(ms(0));
  for (const [i, letter] of letters.split("").entries()) {
    state = advance(with_, state, eventOf(letter, (i + 1) * 1000));
  }
  return state;
}

function eventOf(letter: string, at: number): CheckEvent {
  const askedAt = ms(at);
  if (letter === "h") return { kind: "hung", askedAt };
  const why = `${letter} at ${at / 1000}`;
  const kinds: Record<string, Level> = { o: "ok", w: "warn", f: "fail" };
  const kind = kinds[letter];
  const answer: Answer = kind === undefined ? { kind: "error", why } : { kind, why };
  return { kind: "answered", askedAt, answer };
}

const shown = (letters: string, with_ = rules): string => {
  const { kind, since } = play(letters, with_);
  return `${kind} since ${since / 1000}`;
};

test.each([
  ["", "unknown since 0"],
  // Of what is not known, the first answer is believed.
  ["o", "ok since 1"],
  ["f", "fail since 1"],
  ["w", "warn since 1"],
  // One that fails is none yet; the second dates it back to the first.
  ["of", "ok since 1"],
  ["off", "fail since 2"],
  ["ofof", "ok since 1"],
  ["ofoff", "fail since 4"],
  ["ffo", "fail since 1"],
  ["ffoo", "ok since 3"],
  ["ffofo", "fail since 1"],
  // What gets worse gets at least as bad as the mildest of them, and the other way round.
  ["owf", "warn since 2"],
  ["owff", "fail since 3"],
  ["fwo", "warn since 2"],
  ["fwoo", "ok since 3"],
  // What hangs is believed at once, and dated to its own question.
  ["h", "hangs since 1"],
  ["ooh", "hangs since 3"],
  ["oh h".replace(" ", ""), "hangs since 2"],
  ["oho", "hangs since 2"],
  ["ohoo", "ok since 3"],
  ["ohow", "warn since 3"],
  ["ohf", "fail since 2"],
  ["ohofoo", "ok since 5"],
  // Our own trouble says nothing at first, and then that nothing is known.
  ["e", "unknown since 0"],
  ["oe", "ok since 1"],
  ["oee", "unknown since 3"],
  ["oeeo", "ok since 4"],
  ["oeoe", "ok since 1"],
  ["ffee", "unknown since 4"],
])("after %s: %s", (letters, expected) => {
  expect(shown(letters)).toBe(expected);
});

test.each([
  ["offf", 3, 1, "fail since 2"],
  ["off", 3, 1, "ok since 1"],
  ["of", 1, 1, "fail since 2"],
  ["ofo", 1, 1, "ok since 3"],
  ["fooo", 1, 3, "ok since 2"],
])("after %s with the thresholds %d and %d: %s", (letters, failure, success, expected) => {
  expect(shown(letters, { failureThreshold: failure, successThreshold: success })).toBe(expected);
});

describe("the reason", () => {
  test("is that of the last answer that says so", () => {
    expect(play("off").basis?.why).toBe("f at 3");
    expect(play("offff").basis?.why).toBe("f at 5");
    expect(play("offo").basis?.why).toBe("f at 3");
    expect(play("owf").basis?.why).toBe("w at 2");
  });

  test("of what cannot be looked at is the trouble", () => {
    expect(play("oee").errors).toEqual(["e at 2", "e at 3"]);
  });
});

test.each([
  ["", false],
  ["o", false],
  ["of", true],
  ["off", false],
  ["offo", true],
  ["oe", true],
  ["oee", false],
  ["h", false],
  ["ho", true],
])("after %s, in doubt: %s", (letters, expected) => {
  expect(isInDoubt(play(letters))).toBe(expected);
});

const script = fc
  .array(fc.constantFrom("o", "o", "w", "f", "e", "h"), { maxLength: 40 })
  .map((all) => all.join(""));
const thresholds = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 4 }),
  successThreshold: fc.integer({ min: 1, max: 4 }),
});

test("whatever is answered, nothing is believed that was not said often enough", () => {
  fc.assert(
    fc.property(script, thresholds, (letters, each) => {
      let before = initialState(ms(0));
      let answers: Level[] = [];
      for (const [i, letter] of letters.split("").entries()) {
        const event = eventOf(letter, i + 1);
        const after = advance(each, before, event);
        if (event.kind === "hung") answers = [];
        else if (event.answer.kind !== "error") answers.push(event.answer.kind);
        const { kind } = after;
        expect(after.since).toBeGreaterThanOrEqual(kind === before.kind ? before.since : 0);
        expect(after.recent.length).toBeLessThanOrEqual(4);
        if (kind !== before.kind && kind in severity && before.kind in severity) {
          const from = severity[before.kind as Level];
          const to = severity[kind as Level];
          const needed = to > from ? each.failureThreshold : each.successThreshold;
          const last = answers.slice(-needed);
          expect(last).toHaveLength(needed);
          for (const level of last) {
            // Each of them pointed that way, and went at least so far.
            if (to > from) expect(severity[level]).toBeGreaterThanOrEqual(to);
            else expect(severity[level]).toBeLessThanOrEqual(to);
          }
        }
        if (kind === "hangs" && before.kind !== "hangs") expect(event.kind).toBe("hung");
        before = after;
      }
    }),
    { numRuns: 2_000 },
  );
});

test("whatever has been, enough of the same answers in the end are believed", () => {
  fc.assert(
    fc.property(script, thresholds, fc.constantFrom("o", "w", "f"), (letters, each, last) => {
      const { kind } = play(letters + last.repeat(4), each);
      expect(kind).toBe({ o: "ok", w: "warn", f: "fail" }[last]);
    }),
    { numRuns: 2_000 },
  );
});
