import { expect, test } from "vitest";
import type { PoolStatus } from "../../src/control/status.ts";
import { poolStatuses, runStatuses } from "../../src/daemon/run-status.ts";
import type { ClosedFor, Closure } from "../../src/prefect/runs/closure.ts";
import { configOf, pool } from "../prefect/unit/given.ts";

const now = new Date("2026-11-25T12:00:00Z");

function shown(
  reasons: readonly ClosedFor[],
  more: { isOurs?: boolean; isStopping?: boolean; isPaused?: boolean; isOverruled?: boolean } = {},
): Pick<PoolStatus, "intake" | "why"> | undefined {
  const { isOurs = true, isStopping = false, isPaused = true, isOverruled = false } = more;
  const closure: Closure = { reasons, isOurs, since: "2026-11-25T11:58:00Z" };
  const [status] = poolStatuses({
    config: configOf({ pools: [pool("a")] }),
    closureOf: () => (reasons.length === 0 ? undefined : closure),
    isPaused: () => isPaused,
    failing: () => ["check arc fails since 11:58 UTC: nothing is mounted at /arc"],
    isOverruled: () => isOverruled,
    runs: [],
    late: () => undefined,
    isStopping,
    now,
  });
  return status && { intake: status.intake, why: status.why };
}

test("a pool that takes no runs says whose doing that is, and when it ends", () => {
  expect(shown([], { isPaused: false })).toEqual({ intake: "open", why: null });
  expect(shown([])?.why).toBe("paused in Prefect, by an operator");
  expect(shown(["hot-restart"])?.why).toBe("its worker is being replaced, for a moment");
  expect(shown(["stop"], { isStopping: true })?.why).toBe("everything is being stopped");
  expect(shown(["stop"])?.why).toBe(
    "closed when everything was stopped; opens when Prefect's server is there",
  );
  expect(shown(["stop"], { isOurs: false })?.why).toMatch(
    /; an operator has paused it in Prefect, too$/,
  );
  expect(shown(["drain"])).toEqual({
    intake: "drained",
    why: "closed by a drain 2 min ago; `sails-supervisor resume a` opens it",
  });
});

test("a pool that a check closes says which, since when and why; and so does one that was opened all the same", () => {
  const why = "check arc fails since 11:58 UTC: nothing is mounted at /arc";
  expect(shown(["check"])).toEqual({ intake: "paused", why: `closed: ${why}` });
  expect(shown(["check", "hot-restart"])?.why).toBe(`closed: ${why}`);
  expect(shown(["stop", "check"], { isStopping: true })?.why).toBe("everything is being stopped");
  expect(shown(["check"], { isOurs: false })?.why).toBe(
    `closed: ${why}; an operator has paused it in Prefect, too`,
  );
  expect(shown(["drain", "check"])?.why).toBe(
    `closed by a drain 2 min ago; \`sails-supervisor resume a\` ends that; and ${why}`,
  );
  expect(shown([], { isPaused: false, isOverruled: true })).toEqual({
    intake: "open",
    why: `opened in Prefect by an operator, although ${why}`,
  });
});

test("of a run without a record, the process tells how old it is", () => {
  const run = { id: "run-1", name: "eager-lynx", pool: "a", deploymentId: undefined } as const;
  const more = { state: "Running", record: undefined, note: undefined } as const;
  const [status] = runStatuses([{ ...run, ...more, process: "unknown", pid: process.pid }]);
  const age = Date.now() - Date.parse(status?.startedAt ?? "");
  expect(Math.abs(age - process.uptime() * 1000)).toBeLessThan(2_000);
});
