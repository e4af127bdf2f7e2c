/** The one line that `systemctl status` shows. */
import { expect, test } from "vitest";
import type { Status } from "../../src/control/status.ts";
import { headline, takenOver } from "../../src/daemon/summary.ts";
import { pool, statusOf, unit } from "../control/support/fake-plane.ts";

const both = [unit("server"), unit("worker@a", { ready: false, state: "starting", reason: "why" })];
const problem = { id: "a", what: "", cure: null };

const stopping = (changes: Partial<Status>): Status => {
  const status = statusOf([unit("server"), unit("worker@a", { pid: null })], changes);
  return { ...status, supervisor: { ...status.supervisor, phase: "stopping" } };
};

test.each<[string, Status, string]>([
  ["all is well", statusOf([unit("server"), unit("worker@a")]), "All 2 units ready"],
  ["its only one is well", statusOf([unit("server")]), "1 unit ready"],
  ["one is not", statusOf(both), "1 of 2 units ready; worker@a is starting: why"],
  ["nothing is wanted", statusOf([unit("server", { desired: "down" })]), "No unit is wanted"],
  [
    "there are problems",
    statusOf([unit("server")], { problems: [problem, problem] }),
    "1 unit ready; 2 problems, see `status`",
  ],
  ["all stops", stopping({}), "Stopping: 1 of 2 units still run"],
  [
    "all stops, flows first",
    stopping({ pools: [pool("a", { runs: 2 }), pool("b", { runs: 1 })] }),
    "Stopping: 3 flow runs and 1 of 2 units still run",
  ],
])("says it if %s", (_, status, expected) => {
  expect(headline(status)).toBe(expected);
});

test("what has been taken over is counted", () => {
  expect(takenOver(0, 0)).toBeUndefined();
  expect(takenOver(1, 0)).toBe("1 unit taken over as it runs");
  expect(takenOver(0, 2)).toBe("2 flow runs taken over as they run");
  expect(takenOver(2, 1)).toBe("2 units and 1 flow run taken over as they run");
});
