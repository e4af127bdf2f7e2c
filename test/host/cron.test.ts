import { createTask } from "node-cron";
import { expect, onTestFinished, test, vi } from "vitest";
import { cronCalendar } from "../../src/host/cron.ts";

test("it calls back at each due time, and no more once it is disposed", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const told: Date[] = [];
  // With a field for seconds, which a configuration cannot have.
  const plan = await cronCalendar.plan("* * * * * *", "UTC", (at) => {
    told.push(at);
    if (told.length === 2) resolve();
  });
  expect(plan.next?.getTime()).toBeGreaterThan(Date.now() - 1000);
  await promise;
  plan[Symbol.dispose]();
  expect((told[1]?.getTime() ?? 0) - (told[0]?.getTime() ?? 0)).toBe(1000);
});

test("the next time is known from the first moment on, in the zone that was asked for", async () => {
  using utc = await cronCalendar.plan("17 3 * * *", "UTC", () => undefined);
  expect(utc.next?.toISOString().slice(11, 16)).toBe("03:17");
  using bogota = await cronCalendar.plan("17 3 * * *", "America/Bogota", () => undefined);
  expect(bogota.next?.toISOString().slice(11, 16)).toBe("08:17");
});

test("nothing ticks while nothing is due: one timer a day", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-01-02T00:00:00Z") });
  onTestFinished(() => void vi.useRealTimers());
  const armed = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => armed.mockRestore());
  const told: Date[] = [];
  using _ = await cronCalendar.plan("0 0 1 1 *", "UTC", (at) => told.push(at));
  await vi.advanceTimersByTimeAsync(10.5 * 24 * 3_600_000);
  expect(armed).toHaveBeenCalledTimes(11);
  expect(told).toEqual([]);
});

/** All minutes of a day of UTC at which it is due. */
function dueOn(day: string, cron: string, timezone: string): readonly string[] {
  const task = createTask(cron, () => undefined, { timezone });
  const from = Date.parse(`${day}T00:00:00Z`);
  const minutes = Array.from({ length: 24 * 60 }, (_, n) => new Date(from + n * 60_000));
  return minutes.filter((at) => task.match(at)).map((at) => at.toISOString().slice(11, 16));
}

test.each([
  ["UTC, on the day of the change", "2026-03-29", "30 2 * * *", "UTC", ["02:30"]],
  ["an hour that is left out in spring", "2026-03-29", "30 2 * * *", "Europe/Berlin", []],
  ["one after it", "2026-03-29", "30 3 * * *", "Europe/Berlin", ["01:30"]],
  [
    "an hour that comes twice in autumn",
    "2026-10-25",
    "30 2 * * *",
    "Europe/Berlin",
    ["00:30", "01:30"],
  ],
  ["one after it", "2026-10-25", "30 3 * * *", "Europe/Berlin", ["02:30"]],
])("%s: %s", (_, day, cron, timezone, due) => {
  expect(dueOn(day, cron, timezone)).toEqual(due);
});
