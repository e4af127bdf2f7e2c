import { expect, test } from "vitest";
import { paintFor } from "../../src/cli/paint.ts";
import { runsText } from "../../src/cli/runs-text.ts";
import { textWidth } from "../../src/cli/text-width.ts";
import type { RunStatus } from "../../src/control/status.ts";
import { flowRun } from "../control/support/fake-plane.ts";

const now = new Date("2026-01-01T12:03:20Z");

const shown = (runs: readonly RunStatus[], columns = 80, paint = paintFor(false, {})) =>
  `\n${runsText(runs, { columns, paint, now })}`;

const orphan = flowRun("elegant-chipmunk", {
  pool: "headless-runs",
  state: "Cancelling",
  attachment: "orphaned",
  pid: 412_345,
  startedAt: "2025-12-31T12:10:00Z",
  rssBytes: 1.4 * 1024 ** 3,
  note: "its worker is gone and Prefect wants it cancelled: SIGTERM was sent 12 s ago, SIGKILL comes in 18 s",
});

test("a table, with what is to be known beneath", () => {
  const runs = [orphan, flowRun("calm-otter"), flowRun(null, { state: null, rssBytes: null })];
  expect(shown(runs)).toMatchInlineSnapshot(`
    "
    NAME              POOL           STATE       WORKER    AGE      MEMORY   PID
    elegant-chipmunk  headless-runs  Cancelling  orphaned  23h 53m  1.4 GiB  412345
        its worker is gone and Prefect wants it cancelled: SIGTERM was sent 12 s
        ago, SIGKILL comes in 18 s
    calm-otter        vm-runs        Running     attached  4m       312 MiB  5201
    0198c2a4          vm-runs        -           attached  4m       -        5201
    "
  `);
});

test("a pool with a long name gives way, a run with a long one gets a line of its own", () => {
  const runs = [
    flowRun("calm-otter", { pool: "pipeline-state-monitoring", state: "AwaitingConcurrencySlot" }),
    flowRun("calibration-of-the-night-of-2026-01-01-second-try", { note: "\u001b[31mx\ty\n" }),
    flowRun("観測-観測-観測", { startedAt: "2025-12-31T12:10:00Z" }),
  ];
  expect(shown(runs)).toMatchInlineSnapshot(`
    "
    NAME            POOL              STATE         WORKER    AGE      MEMORY   PID
    calm-otter      pipeline-state-…  AwaitingCon…  attached  4m       312 MiB  5201
    calibration-of-the-night-of-2026-01-01-second-try
                    vm-runs           Running       attached  4m       312 MiB  5201
        x y
    観測-観測-観測  vm-runs           Running       attached  23h 53m  312 MiB  5201
    "
  `);
});

test("none", () => {
  expect(shown([])).toBe("\nNo flow run has a process here.\n");
});

test.each([60, 80, 200])("nothing is wider than %i columns", (columns) => {
  const long = flowRun("n".repeat(70), { pool: "p".repeat(70), state: "s".repeat(30) });
  const lines = shown([orphan, long, flowRun("a")], columns).split("\n");
  expect(Math.max(...lines.map(textWidth).filter((width) => width !== 70))).toBeLessThanOrEqual(
    columns,
  );
});

test("colours are for terminals whose owner wants them", () => {
  const coloured = shown([orphan, flowRun("a")], 80, paintFor(true, {}));
  expect(coloured).toContain("\u001b[32mRunning ");
  expect(coloured).toContain("\u001b[33mCancelling");
  expect(coloured).toContain("\u001b[33morphaned");
  expect(shown([orphan], 80, paintFor(true, { NO_COLOR: "1" }))).not.toContain("\u001b");
});
