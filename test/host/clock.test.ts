import { expect, test, vi } from "vitest";
import { systemClock, toWallClock } from "../../src/host/clock.ts";
import { ms } from "../../src/supervision/time.ts";

test("runs once after the span, never from inside the call, and not if it is cancelled", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let isInside = true;
  const before = systemClock.now();
  const cancel = systemClock.schedule(ms(0), () => resolve("cancelled all the same"));
  systemClock.schedule(ms(5), () => resolve(isInside ? "from inside" : "later"));
  cancel();
  isInside = false;
  expect(await promise).toBe("later");
  expect(systemClock.now() - before).toBeGreaterThanOrEqual(5);
});

test("a span of two months is not one millisecond", () => {
  vi.useFakeTimers();
  try {
    const day = 86_400_000;
    let runs = 0;
    systemClock.schedule(ms(60 * day), () => {
      runs += 1;
    });
    vi.advanceTimersByTime(60 * day - 1);
    expect(runs).toBe(0);
    vi.advanceTimersByTime(1);
    expect(runs).toBe(1);
    systemClock.schedule(ms(60 * day), () => expect.unreachable())();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("the monotonic clock is shown as the wall clock's time", () => {
  expect(Math.abs(toWallClock(systemClock.now()).getTime() - Date.now())).toBeLessThan(50);
});
