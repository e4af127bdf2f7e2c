/** The families that tell of the Python environments. */
import type { Families } from "./family.ts";

export const environmentFamilies = {
  sails_environment_info: {
    type: "gauge",
    labels: { lock_hash: "any", python_version: "any", prefect_version: "any" },
    help: "The current Python environment; the value is always 1.",
    how: "lock_hash: first 12 hex digits of the SHA-256 of the lock file that it was made from, empty if that is not known",
  },
  sails_environment_in_sync: {
    type: "gauge",
    labels: {},
    help: "Whether the current environment was made from the lock file as it is now.",
    how: "compared at start, on reload and every five minutes; absent while nothing is declared or the project does not answer",
  },
  sails_environment_syncs_total: {
    type: "counter",
    labels: {},
    help: "Attempts to make an environment.",
    how: "event; counted at its end",
  },
  sails_environment_sync_failures_total: {
    type: "counter",
    labels: { reason: ["lock", "network", "build", "import", "space", "other"] },
    help: "Attempts to make an environment that failed.",
    how: "event",
  },
  sails_environment_sync_duration_seconds: {
    type: "gauge",
    labels: {},
    help: "Duration of the last attempt.",
    how: "event",
  },
  sails_environment_last_sync_timestamp_seconds: {
    type: "gauge",
    labels: {},
    help: "Unix time of the last successful attempt; absent before the first.",
    how: "state file",
  },
  sails_environments: {
    type: "gauge",
    labels: { use: ["current", "running", "spare"] },
    help: "Environments on disk.",
    how: "last look; running: older, still has flow runs; spare: kept to go back to",
  },
} as const satisfies Families;
