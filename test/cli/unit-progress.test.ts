import { expect, test } from "vitest";
import { progressOf } from "../../src/cli/unit-progress.ts";
import type { UnitStatus } from "../../src/control/status.ts";
import { crashed, unit } from "../control/support/fake-plane.ts";

const up = unit("a");
const starting = unit("a", { state: "starting", ready: false });
const stopping = unit("a", { state: "stopping", ready: false, desired: "down" });
const stopped = unit("a", { state: "stopped", ready: false, desired: "down" });
const broken = crashed("a", { reasonCode: "breaker" });

test.each<[string, "start" | "stop" | "restart", UnitStatus | undefined, string]>([
  ["is ready", "start", up, "reached"],
  ["is starting", "start", starting, "underway"],
  ["runs and is not ready", "start", unit("a", { ready: false }), "underway"],
  ["crashes", "start", crashed("a"), "underway"],
  ["has an open breaker", "start", broken, "failed"],
  ["needs another configuration", "start", crashed("a", { reasonCode: "config" }), "failed"],
  ["was stopped meanwhile", "start", stopped, "failed"],
  ["is gone", "start", undefined, "failed"],
  ["stops first", "restart", unit("a", { state: "stopping", ready: false }), "underway"],
  ["drains first", "restart", unit("a", { state: "draining", ready: false }), "underway"],
  ["is ready", "restart", up, "reached"],
  ["is stopping", "stop", stopping, "underway"],
  ["is stopped", "stop", stopped, "reached"],
  ["was started meanwhile", "stop", up, "failed"],
  ["is gone", "stop", undefined, "reached"],
])("a unit that %s, after %s", (_, verb, status, kind) => {
  expect(progressOf(verb, status).kind).toBe(kind);
});
