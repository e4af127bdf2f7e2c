/**
 * The client's `nodejs_eventloop_lag_*_seconds`, measured once in each turn of the event loop
 * instead of by a timer that wakes an idle process 100 times a second. Without the standard
 * deviation, which takes as long to compute as all the rest.
 */
import { type ELDHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";

interface Part {
  readonly name: `nodejs_eventloop_lag_${string}_seconds`;
  readonly help: string;
  /** In nanoseconds. */
  readonly of: (delay: ELDHistogram) => number;
}

const parts: readonly Part[] = [
  {
    name: "nodejs_eventloop_lag_min_seconds",
    help: "The minimum recorded event loop delay.",
    of: (delay) => delay.min,
  },
  {
    name: "nodejs_eventloop_lag_max_seconds",
    help: "The maximum recorded event loop delay.",
    of: (delay) => delay.max,
  },
  {
    name: "nodejs_eventloop_lag_mean_seconds",
    help: "The mean of the recorded event loop delays.",
    of: (delay) => delay.mean,
  },
  {
    name: "nodejs_eventloop_lag_p50_seconds",
    help: "The 50th percentile of the recorded event loop delays.",
    of: (delay) => delay.percentile(50),
  },
  {
    name: "nodejs_eventloop_lag_p90_seconds",
    help: "The 90th percentile of the recorded event loop delays.",
    of: (delay) => delay.percentile(90),
  },
  {
    name: "nodejs_eventloop_lag_p99_seconds",
    help: "The 99th percentile of the recorded event loop delays.",
    of: (delay) => delay.percentile(99),
  },
];

/** Each scrape shows the delays since the one before. */
export function measureLoopDelay(client: Registry): void {
  const delay = monitorEventLoopDelay({ samplePerIteration: true });
  delay.enable();
  // The turn in which it is enabled counts the wait for its first event as a delay.
  setImmediate(() => delay.reset()).unref();

  const gauges: Gauge[] = [];
  const collect = (): void => {
    for (const [index, { of }] of parts.entries()) {
      gauges[index]?.set(delay.count === 0 ? 0 : of(delay) / 1e9);
    }
    delay.reset();
  };
  for (const [index, { name, help }] of parts.entries()) {
    client.removeSingleMetric(name);
    // The first to be written sets them all.
    gauges.push(
      new Gauge({ name, help, registers: [client], ...(index === 0 ? { collect } : {}) }),
    );
  }
}
