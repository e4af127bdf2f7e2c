/** The families that tell of checks: what must hold beside the units. */
import type { Families } from "./family.ts";

const check = { check: "any" } as const;

export const checkFamilies = {
  sails_check_state: {
    type: "gauge",
    labels: { ...check, state: ["ok", "failed", "unknown"] },
    oneOf: "state",
    help: "State of the check; exactly one is 1.",
    how: "ok with a warning, too; unknown: it hangs, or could not be looked at",
  },
  sails_checks_total: {
    type: "counter",
    labels: check,
    help: "Checks made.",
    how: "event",
  },
  sails_check_failures_total: {
    type: "counter",
    labels: { ...check, reason: ["timeout", "condition", "error"] },
    help: "Checks that failed.",
    how: "event; each look, before the threshold; error: it could not be looked at",
  },
  sails_check_duration_seconds: {
    type: "gauge",
    labels: check,
    help: "Duration of the last check.",
    how: "prober; absent before the first",
  },
  sails_check_last_success_timestamp_seconds: {
    type: "gauge",
    labels: check,
    help: "Unix time of the last success; absent before the first.",
    how: "prober",
  },
} as const satisfies Families;
