import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nextLook } from "../../src/checks/schedule.ts";
import { ms } from "../../src/supervision/time.ts";

const at = fc.integer({ min: 0, max: 10_000_000 }).map(ms);
const every = fc.integer({ min: 1, max: 600 }).map((n) => ms(n * 1000));

test("the next look is later, within its period, and together with those of the same period", () => {
  fc.assert(
    fc.property(every, at, at, (period, now, other) => {
      const next = nextLook(period, false, now);
      expect(next).toBeGreaterThan(now);
      expect(next - now).toBeLessThanOrEqual(period);
      expect(Math.abs(next - nextLook(period, false, other)) % period).toBe(0);
    }),
  );
});

test("what is looked at every minute is looked at together with what is every half", () => {
  fc.assert(
    fc.property(at, (now) => {
      const minute = nextLook(ms(60_000), false, now);
      expect(minute % 30_000).toBe(0);
    }),
  );
});

test("what is in doubt is looked at soon", () => {
  expect(nextLook(ms(60_000), true, ms(100))).toBe(5_100);
  expect(nextLook(ms(2_000), true, ms(100))).toBe(2_100);
});
