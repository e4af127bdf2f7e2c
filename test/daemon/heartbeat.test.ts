import { expect, test } from "vitest";
import { Heartbeat, whyStuck } from "../../src/daemon/heartbeat.ts";
import { RepeatingTask } from "../../src/daemon/repeating-task.ts";
import type { Cancel, Clock } from "../../src/supervision/ports.ts";
import { type Millis, ms, seconds } from "../../src/supervision/time.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

/** A clock of a loop that can be blocked: then time passes and no timer runs. */
class BlockableClock implements Clock {
  readonly inner = new VirtualClock();
  #blockedFor = 0;

  now(): Millis {
    return ms(this.inner.now() + this.#blockedFor);
  }

  schedule(span: Millis, run: () => void): Cancel {
    return this.inner.schedule(span, run);
  }

  block(span: Millis): void {
    this.#blockedFor += span;
  }
}

function listen(overdue: readonly string[] = []) {
  const clock = new BlockableClock();
  const heard: string[] = [];
  const heartbeat = new Heartbeat({
    clock,
    span: seconds(60),
    overdue: () => overdue,
    beat: () => heard.push("beat"),
    missed: (why) => heard.push(why),
  });
  return { clock, heard, heartbeat, pass: (span: Millis) => clock.inner.advance(span) };
}

test.each([
  [{ dueAt: 0, at: 0, overdue: [] }, undefined],
  [{ dueAt: 0, at: 5_000, overdue: [] }, undefined],
  [{ dueAt: 0, at: 5_001, overdue: [] }, "its loop did not turn for 5 s"],
  [{ dueAt: 0, at: 0, overdue: ["the task a"] }, "the task a did not come to an end"],
])("%j: %s", ({ dueAt, at, overdue }, why) => {
  expect(whyStuck({ dueAt: ms(dueAt), at: ms(at), overdue }, seconds(5))).toBe(why);
});

test("beats three times in the time that systemd waits", async () => {
  const { heard, heartbeat, pass } = listen();
  await pass(seconds(60));
  expect(heard).toEqual(["beat", "beat", "beat", "beat"]);
  expect(heartbeat.trouble).toBeUndefined();
});

test("a stall is no progress; that it is over shows soon, and not at the next beat only", async () => {
  const { clock, heard, heartbeat, pass } = listen();
  await pass(seconds(0));
  clock.block(seconds(26));
  expect(heartbeat.trouble).toBe("its loop did not turn for 6 s");
  await pass(seconds(20));
  expect(heard).toEqual(["beat", "its loop did not turn for 26 s"]);
  expect(heartbeat.trouble).toBe("its loop did not turn for 26 s");
  await pass(seconds(3));
  expect(heard.slice(2)).toEqual(["beat"]);
  expect(heartbeat.trouble).toBeUndefined();
});

test("a loop that is drowned never beats, and says so once", async () => {
  const { clock, heard, pass } = listen();
  await pass(seconds(17));
  for (let turn = 0; turn < 20; turn += 1) {
    clock.block(seconds(6));
    await pass(seconds(3));
  }
  expect(heard).toEqual(["beat", "its loop did not turn for 6 s"]);
});

test("nothing is heard of it when it is disposed", async () => {
  const { clock, heartbeat } = listen();
  heartbeat[Symbol.dispose]();
  expect(clock.inner.pending).toBe(0);
});

test("a task that does not come back is overdue after its limit, until it does", async () => {
  const clock = new VirtualClock();
  const { promise, resolve } = Promise.withResolvers<{ kind: "settled" }>();
  using task = new RepeatingTask(clock, seconds(10), () => promise);
  expect(task.isOverdue).toBe(false);
  task.request();
  await clock.advance(seconds(10));
  expect(task.isOverdue).toBe(false);
  await clock.advance(1);
  expect(task.isOverdue).toBe(true);
  resolve({ kind: "settled" });
  await clock.advance(0);
  expect(task.isOverdue).toBe(false);
});
