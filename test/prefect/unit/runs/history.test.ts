import { expect, test } from "vitest";
import { historyOf, rescheduleMark } from "../../../../src/prefect/runs/history.ts";
import { at, state } from "./given.ts";

const pending = (seconds: number, name = "Pending") =>
  state("PENDING", { name, timestamp: at(seconds) });
const again = (message: string, name = "AwaitingRetry") => state("SCHEDULED", { name, message });

test("a run that nobody has claimed", () => {
  expect(historyOf([state("SCHEDULED")])).toEqual({
    claims: 0,
    lastClaim: undefined,
    hasRun: false,
    before: undefined,
    rescheduled: { claim: 0, start: 0, crash: 0 },
  });
});

test("a claim is one, however many pending states it goes through", () => {
  const states = [state("SCHEDULED"), pending(1), pending(2, "Submitting"), pending(3, "Other")];
  expect(historyOf(states)).toMatchObject({ claims: 1, lastClaim: at(1), hasRun: false });
});

test("a run that is started again has been claimed again", () => {
  const crashed = state("CRASHED");
  const states = [pending(1), state("RUNNING"), crashed, again(""), pending(9), state("RUNNING")];
  const { claims, lastClaim, hasRun, before } = historyOf(states);
  expect([claims, lastClaim, hasRun, before?.type]).toEqual([2, at(9), true, "PENDING"]);
});

test("what we have put back is counted by its cause", () => {
  const message = (cause: "claim" | "start" | "crash", count: number) =>
    `${rescheduleMark(cause, count, 5)}: why`;
  const states = [
    again(message("claim", 1)),
    pending(1),
    again(message("claim", 2)),
    again(message("start", 1)),
    again(message("crash", 1)),
    again("Scheduled again by somebody"),
    again(""),
    state("CRASHED", { message: message("crash", 2) }),
  ];
  expect(historyOf(states).rescheduled).toEqual({ claim: 2, start: 1, crash: 1 });
});
