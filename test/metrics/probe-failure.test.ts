import { expect, test } from "vitest";
import { probeFailure } from "../../src/metrics/probe-failure.ts";

test.each([
  ["no answer within 5 s", "timeout"],
  ["http://127.0.0.1:4200/api did not answer within 2 s", "timeout"],
  ["http://127.0.0.1:4200/api/health: connect ECONNREFUSED 127.0.0.1:4200", "refused"],
  ["http://127.0.0.1/status: ECONNRESET", "refused"],
  ["nothing listens at http://127.0.0.1:4200/api", "refused"],
  ["http://127.0.0.1:8080/health answered 503", "status"],
  ["curl exited with status 22", "status"],
  ["its last heartbeat is 2 min old", "heartbeat"],
  ["is frozen", "other"],
])("%s: %s", (why, reason) => {
  expect(probeFailure(why)).toBe(reason);
});
