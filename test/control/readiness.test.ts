import { expect, test } from "vitest";
import { isReady, readinessChecks, reportReadiness } from "../../src/control/readiness.ts";
import type { Status } from "../../src/control/status.ts";
import { crashed, statusOf, unit } from "./support/fake-plane.ts";

const stopped = unit("worker@night", {
  desired: "down",
  state: "stopped",
  ready: false,
  reason: "stopped by the operator",
});

const report = (status: Status, excluded: readonly string[] = []) =>
  reportReadiness(readinessChecks(status), excluded);

test("all that is wanted is ready", () => {
  expect(report(statusOf([unit("server"), stopped]))).toMatchInlineSnapshot(`
    {
      "passed": true,
      "text": "[+]supervisor ok
    [+]unit/server ok
    [+]unit/worker@night ok (not wanted: stopped by the operator)
    readyz check passed",
    }
  `);
});

test("a unit that is not ready says why, in one line", () => {
  const sick = crashed("worker@vm", { reason: "exited with status 1:\n\tTraceback" });
  expect(report(statusOf([unit("server"), sick]))).toMatchInlineSnapshot(`
    {
      "passed": false,
      "text": "[+]supervisor ok
    [+]unit/server ok
    [-]unit/worker@vm failed: backoff: exited with status 1: Traceback
    readyz check failed",
    }
  `);
});

test("what is excluded does not count, by either name; what is not there is said", () => {
  const status = statusOf([crashed("server"), crashed("worker@vm")]);
  expect(report(status, ["server", "unit/worker@vm", "worker@wm"])).toMatchInlineSnapshot(`
    {
      "passed": true,
      "text": "[+]supervisor ok
    [+]unit/server excluded
    [+]unit/worker@vm excluded
    warning: nothing to exclude is called worker@wm
    readyz check passed",
    }
  `);
});

test.each([
  ["running", true],
  ["starting", false],
  ["stopping", false],
] as const)("a supervisor that is %s: ready is %s", (phase, expected) => {
  const { units, supervisor } = statusOf([unit("server")]);
  expect(isReady({ units, supervisor: { ...supervisor, phase } })).toBe(expected);
});
