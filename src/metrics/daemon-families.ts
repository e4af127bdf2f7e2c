/** The families that tell of the supervisor itself. */
import type { Families } from "./family.ts";

export const daemonFamilies = {
  sails_build_info: {
    type: "gauge",
    labels: { version: "any", revision: "any", node_version: "any" },
    help: "Build of the running sails-supervisor; the value is always 1.",
    how: "set once at start",
  },
  sails_ready: {
    type: "gauge",
    labels: {},
    help: "Whether every unit that should run is ready and the Prefect API answers (the verdict of /readyz).",
    how: "asked at each scrape",
  },
  sails_config_last_reload_successful: {
    type: "gauge",
    labels: {},
    help: "Whether the last configuration reload attempt succeeded.",
    how: "set at start and by each reload",
  },
  sails_config_last_reload_success_timestamp_seconds: {
    type: "gauge",
    labels: {},
    help: "Unix time of the last successful configuration load.",
    how: "set at start and by each reload that succeeded",
  },
  sails_config_reloads_total: {
    type: "counter",
    labels: {},
    help: "Configuration reload attempts.",
    how: "event; the load at start is none",
  },
  sails_config_reload_failures_total: {
    type: "counter",
    labels: {},
    help: "Configuration reload attempts that failed.",
    how: "event",
  },
  sails_adoption_duration_seconds: {
    type: "gauge",
    labels: {},
    help: "Time that the daemon took at its start to take over what ran; absent before.",
    how: "set once, from the start of the process to the last unit taken over",
  },
  sails_watchdog_last_ping_timestamp_seconds: {
    type: "gauge",
    labels: {},
    help: "Unix time of the last WATCHDOG=1 notification sent to systemd.",
    how: "event; absent where systemd wants none",
  },
  sails_log_messages_total: {
    type: "counter",
    labels: { level: ["trace", "debug", "info", "warn", "error", "fatal"] },
    help: "Log messages written by the supervisor itself.",
    how: "event",
  },
  sails_control_requests_total: {
    type: "counter",
    labels: { route: "any", code: "any" },
    help: "Requests handled by the control and health endpoints; /metrics is not counted.",
    how: "event; the route is the pattern, not the path; a route appears with its first request",
  },
} as const satisfies Families;
