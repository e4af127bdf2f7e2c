/** What one target is told, whatever comes and whenever. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Event } from "../../src/notify/event.ts";
import {
  flush,
  mostSubjects,
  nextDue,
  offer,
  type Rate,
  type Sent,
} from "../../src/notify/rate.ts";
import { type Millis, minutes, ms } from "../../src/supervision/time.ts";

const interval = minutes(15);
const events = ["unit-failing", "breaker-open", "recovered"] as const;

const event = (kind: Event["event"], subject: string, number = 0): Event => ({
  event: kind,
  subject,
  what: `number ${number}`,
  next: null,
  at: new Date(number),
});

const script = fc.array(
  fc.record({
    kind: fc.constantFrom(...events),
    subject: fc.constantFrom("server", "worker@a", "check arc"),
    pause: fc.integer({ min: 0, max: 40 * 60_000 }),
  }),
  { maxLength: 60 },
);

interface Told extends Sent {
  readonly at: Millis;
}

/** As a courier does it: each is flushed when it is due. */
function play(steps: readonly { kind: (typeof events)[number]; subject: string; pause: number }[]) {
  const told: Told[] = [];
  let rate: Rate = new Map();
  let now = ms(0);
  const take = ([next, sent]: readonly [Rate, readonly Sent[]]): void => {
    rate = next;
    told.push(...sent.map((one) => ({ ...one, at: now })));
  };
  const passUntil = (until: number): void => {
    for (;;) {
      const due = nextDue(rate, interval);
      if (due === undefined || due > until) break;
      now = due;
      take(flush(rate, now, interval));
    }
    if (Number.isFinite(until)) now = ms(until);
  };
  for (const [number, { kind, subject, pause }] of steps.entries()) {
    passUntil(now + pause);
    take(offer(rate, event(kind, subject, number), now, interval));
  }
  passUntil(Number.POSITIVE_INFINITY);
  return { told, rate };
}

test("the same event of the same thing is told at most once in an interval", () => {
  fc.assert(
    fc.property(script, (steps) => {
      const byKey = Map.groupBy(
        play(steps).told,
        ({ event: one }) => `${one.event} ${one.subject}`,
      );
      for (const told of byKey.values()) {
        const pauses = told.slice(1).map(({ at }, index) => at - (told[index]?.at ?? 0));
        expect(Math.min(interval, ...pauses)).toBe(interval);
      }
    }),
  );
});

test("the last word about each thing is told in the end, and nothing is lost from the count", () => {
  fc.assert(
    fc.property(script, (steps) => {
      const { told, rate } = play(steps);
      const lastOffered = new Map(steps.map(({ subject }, number) => [subject, number]));
      for (const [subject, number] of lastOffered) {
        const ofIt = told.filter((one) => one.event.subject === subject);
        expect(ofIt.at(-1)?.event.what).toBe(`number ${number}`);
        const counted = ofIt.reduce((sum, { held }) => sum + held + 1, 0);
        expect(counted).toBe(steps.filter((one) => one.subject === subject).length);
      }
      expect([...rate.values()].every(({ pending }) => pending === undefined)).toBe(true);
    }),
  );
});

test("what is told comes in the order in which it happened", () => {
  fc.assert(
    fc.property(script, (steps) => {
      const bySubject = Map.groupBy(play(steps).told, (one) => one.event.subject);
      for (const told of bySubject.values()) {
        const numbers = told.map((one) => one.event.at.getTime());
        expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
      }
    }),
  );
});

test("a thing that fails and recovers again and again is told of twice, then with a count", () => {
  const kinds = ["unit-failing", "recovered"] as const;
  const steps = Array.from({ length: 7 }, (_, number) => ({
    kind: kinds[number % 2] ?? "recovered",
    subject: "server",
    pause: 1_000,
  }));
  const { told } = play(steps);
  expect(told.map(({ event: one, held }) => [one.event, held])).toEqual([
    ["unit-failing", 0],
    ["recovered", 0],
    ["unit-failing", 4],
  ]);
});

test("however many things there are, what is remembered is bounded", () => {
  let rate: Rate = new Map();
  for (let number = 0; number < 3 * mostSubjects; number += 1) {
    [rate] = offer(rate, event("problem", `problem ${number}`), ms(number), interval);
  }
  expect(rate.size).toBe(mostSubjects);
  [rate] = flush(rate, ms(10 * interval), interval);
  expect(rate.size).toBe(0);
});
