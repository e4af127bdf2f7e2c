import { expect, test } from "vitest";
import { selectNames } from "../../src/cli/select-names.ts";

const known = ["server", "worker@vm-runs", "worker@vm-runs:2", "worker@headless", "service@a.b"];

test.each([
  [["server"], ["server"]],
  [["worker@*"], ["worker@vm-runs", "worker@vm-runs:2", "worker@headless"]],
  [
    ["worker@vm-runs:?", "server", "server"],
    ["server", "worker@vm-runs:2"],
  ],
  [["all"], known],
  [["*"], known],
  [["service@a.b"], ["service@a.b"]],
  [[], []],
])("%o are %o", (patterns, names) => {
  expect(selectNames(patterns, known)).toEqual({ kind: "selected", names });
});

test("all of nothing is nothing", () => {
  expect(selectNames(["all"], [])).toEqual({ kind: "selected", names: [] });
});

test.each([
  ["worker@vm-rums", "worker@vm-runs"],
  ["sever", "server"],
  // A dot is a dot.
  ["service@axb", "service@a.b"],
  ["nothing@*", undefined],
  ["something-else-entirely", undefined],
  ["(", undefined],
])("%o is unknown, nearest is %o", (name, nearest) => {
  expect(selectNames([name, "server"], known)).toEqual({ kind: "unknown", name, nearest });
});
