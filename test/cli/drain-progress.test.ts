import { expect, test } from "vitest";
import {
  type DrainProgress,
  drainProgress,
  stillRunning,
  waitingLines,
} from "../../src/cli/drain-progress.ts";
import type { PoolStatus } from "../../src/control/status.ts";
import { flowRun, pool } from "../control/support/fake-plane.ts";

const now = new Date("2026-01-01T12:03:20Z");
const later = "2026-01-01T13:00:00Z";
const earlier = "2026-01-01T12:00:00Z";

const draining = pool("vm-runs", { intake: "draining", runs: 1 });

test.each<[string, PoolStatus | undefined, string | null, DrainProgress["kind"]]>([
  ["waits for its runs", draining, null, "waiting"],
  ["waits, and has time", draining, later, "waiting"],
  ["waits, and its time is over", draining, earlier, "late"],
  [
    "was paused by somebody else, and has runs",
    pool("vm-runs", { intake: "paused", runs: 1 }),
    null,
    "waiting",
  ],
  [
    "is paused after its time is over",
    pool("vm-runs", { intake: "paused", runs: 1 }),
    earlier,
    "late",
  ],
  [
    "was paused by somebody else, and has none",
    pool("vm-runs", { intake: "paused" }),
    null,
    "drained",
  ],
  // That none has a process is not all: Prefect may have one that is about to start.
  ["has none, but is not drained", pool("vm-runs", { intake: "draining" }), null, "waiting"],
  ["is drained", pool("vm-runs", { intake: "drained" }), null, "drained"],
  ["is drained, late", pool("vm-runs", { intake: "drained" }), earlier, "drained"],
  ["was resumed meanwhile", pool("vm-runs"), null, "failed"],
  ["is gone", undefined, null, "failed"],
])("a pool that %s", (_, status, until, kind) => {
  const runs = [flowRun("calm-otter")];
  expect(drainProgress("vm-runs", { status, runs, until, now }).kind).toBe(kind);
});

test("it waits for its own flow runs", () => {
  const runs = [flowRun("calm-otter"), flowRun("other", { pool: "headless-runs" })];
  expect(drainProgress("vm-runs", { status: draining, runs, until: later, now })).toEqual({
    kind: "waiting",
    pool: "vm-runs",
    runs: runs.slice(0, 1),
    until: later,
  });
});

test("what it waits for, in words", () => {
  const two = [flowRun("calm-otter"), flowRun(null, { startedAt: "2026-01-01T10:00:00Z" })];
  const waiting = { kind: "waiting", pool: "vm-runs", until: later } as const;
  expect(stillRunning({ ...waiting, runs: two }, now)).toBe(
    "2 flow runs still run: calm-otter (4 min), 0198c2a4 (2 h 3 min)",
  );
  expect(stillRunning({ ...waiting, runs: two.slice(1) }, now)).toBe(
    "1 flow run still runs: 0198c2a4 (2 h 3 min)",
  );
  const many = Array.from({ length: 12 }, (_, i) => flowRun(`run-${i}`));
  expect(stillRunning({ ...waiting, runs: many }, now)).toMatch(/run-9 \(4 min\), and 2 more$/);
  expect(waitingLines({ ...waiting, runs: two }, now)).toEqual([
    "vm-runs waits for 2 flow runs, for 56 min 40 s at most",
    "    calm-otter, for 4 min",
    "    0198c2a4, for 2 h 3 min",
  ]);
  expect(waitingLines({ ...waiting, runs: [], until: null }, now)).toEqual([
    "vm-runs waits until Prefect counts no flow run of it any more",
  ]);
});
