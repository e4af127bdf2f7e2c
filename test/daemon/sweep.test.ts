import { expect, test } from "vitest";
import { endingOf, sweepStep } from "../../src/daemon/sweep.ts";

test.each([
  ["stop", 100, "end"],
  ["stop", 100_000, "end"],
  ["stop", undefined, "end"],
  ["restart", 100, "leave"],
  ["restart", 100_000, "leave"],
  ["other", 100_000, "leave"],
  ["unknown", 100_000, "leave"],
  ["other", 100, "wait"],
  ["unknown", undefined, "wait"],
] as const)("job %s, lived %s ms: %s", (job, livedMs, step) => {
  expect(sweepStep(job, { livedMs, isAtRest: false })).toBe(step);
  expect(sweepStep(job, { livedMs, isAtRest: true })).toBe("end");
});

const run = { PREFECT__FLOW_RUN_ID: "0192" };

test.each([
  ["a flow run", { SAILS_UNIT: "worker@a", ...run }, true, "ask"],
  ["what a flow run has started", { SAILS_UNIT: "worker@a", ...run }, false, "ask"],
  ["a worker", { SAILS_UNIT: "worker@a" }, true, "kill"],
  ["what a worker has started", { SAILS_UNIT: "worker@a" }, false, "ask"],
  ["the server", { SAILS_UNIT: "server" }, true, "ask-last"],
  ["what the server has started", { SAILS_UNIT: "server" }, false, "ask-last"],
  ["a service", { SAILS_UNIT: "service@worker@a" }, true, "ask"],
  ["a look for a check", { SAILS_CHECK: "0192 arc" }, true, "give-up"],
  ["what a look has started", { SAILS_CHECK: "0192 arc" }, false, "give-up"],
  ["what has erased its environment", {}, true, "ask"],
] as const)("%s", (_what, variables, isSessionLeader, ending) => {
  const bears = new Map<string, string>(Object.entries(variables));
  expect(endingOf({ variables: bears, isSessionLeader })).toBe(ending);
});
