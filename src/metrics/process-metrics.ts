/**
 * The client's own metrics of this process, in a client registry that takes ours too. Once per
 * process: the client's observers cannot be taken down again.
 */
import { collectDefaultMetrics, Registry } from "prom-client";
import { measureLoopDelay } from "./loop-delay.ts";

/** The longest interval that a timer takes, 25 days. */
const never = 2 ** 31 - 1;

const unwanted = [
  // `promtool check metrics` refuses their names.
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
  "nodejs_eventloop_utilization_histogram",
  "nodejs_eventloop_utilization_summary",
  // It measures the scrape itself, and has the client read its idle monitor, 0.5 ms each time.
  "nodejs_eventloop_lag_seconds",
  "nodejs_eventloop_lag_stddev_seconds",
] as const;

export function processMetrics(): Registry {
  const client = new Registry();
  collectDefaultMetrics({
    register: client,
    // As they come, these two wake the process 110 times a second for as long as it lives.
    eventLoopMonitoringPrecision: never,
    eventLoopUtilizationTimeout: never,
  });
  for (const name of unwanted) client.removeSingleMetric(name);
  measureLoopDelay(client);
  return client;
}
