import { expect, test } from "vitest";
import { stopPatience } from "../../src/supervision/order.ts";
import { seconds } from "../../src/supervision/time.ts";

const unit = (name: string, after: readonly string[], ...waits: readonly [number, ...number[]]) => {
  const [first, ...rest] = waits.map((wait) => ({
    signal: "SIGTERM" as const,
    wait: seconds(wait),
  }));
  if (first === undefined) throw new Error("a ladder has rungs");
  return { name, after, rules: { stopLadder: [first, ...rest] as const } };
};

test("the patience with all is the longest of each wave, one wave after the other", () => {
  const units = [
    unit("server", [], 10, 5),
    unit("worker@a", ["server"], 30),
    unit("worker@b", ["server"], 20),
    unit("service@x", [], 7),
  ];
  expect(stopPatience(units)).toBe(seconds(45));
  expect(stopPatience([])).toBe(0);
});
