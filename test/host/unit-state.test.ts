import { expect, test } from "vitest";
import { unitStateOf } from "../../src/host/unit-state.ts";

const times = (from: string, to: string) =>
  `ExecMainStartTimestampMonotonic=${from}\nExecMainExitTimestampMonotonic=${to}`;

test.each([
  ["ActiveState=inactive\n", true],
  ["ActiveState=failed\n", true],
  ["Job=17\nActiveState=inactive\n", false],
  ["ActiveState=deactivating\n", false],
  ["ActiveState=activating\n", false],
  ["ActiveState=active\n", false],
  ["", false],
])("%j: at rest is %s", (shown, isAtRest) => {
  expect(unitStateOf(shown).isAtRest).toBe(isAtRest);
});

test.each([
  [times("1000000", "3500000"), 2500],
  [times("3500000", "0"), undefined],
  [times("", ""), undefined],
  ["", undefined],
])("%j: lived %s ms", (shown, livedMs) => {
  expect(unitStateOf(shown).livedMs).toBe(livedMs);
});
