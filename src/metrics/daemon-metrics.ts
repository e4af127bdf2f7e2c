/** Counts what the supervisor itself does. Times are Unix times in seconds. */
import type { Labels } from "./catalogue.ts";
import type { MetricRegistry } from "./registry.ts";

export interface Build {
  readonly version: string;
  readonly revision: string;
  readonly nodeVersion: string;
}

export type LogLevel = Labels<"sails_log_messages_total">["level"];

export class DaemonMetrics {
  readonly #registry: MetricRegistry;

  constructor(registry: MetricRegistry, { version, revision, nodeVersion }: Build) {
    this.#registry = registry;
    registry.set("sails_build_info", { version, revision, node_version: nodeVersion }, 1);
  }

  /** The load at start; a reload is told with `reloaded`. */
  configLoaded(at: number): void {
    this.#registry.set("sails_config_last_reload_successful", {}, 1);
    this.#registry.set("sails_config_last_reload_success_timestamp_seconds", {}, at);
  }

  reloaded(outcome: "succeeded" | "failed", at: number): void {
    this.#registry.inc("sails_config_reloads_total", {});
    if (outcome === "succeeded") return this.configLoaded(at);
    this.#registry.inc("sails_config_reload_failures_total", {});
    this.#registry.set("sails_config_last_reload_successful", {}, 0);
  }

  /** What ran before has been taken over, so many seconds after the start of this process. */
  adopted(seconds: number): void {
    this.#registry.set("sails_adoption_duration_seconds", {}, seconds);
  }

  logged(level: LogLevel): void {
    this.#registry.inc("sails_log_messages_total", { level });
  }

  /** @param route the pattern of the route: a path as it was asked for would make a series each */
  answered(route: string, code: number): void {
    this.#registry.inc("sails_control_requests_total", { route, code: String(code) });
  }

  watchdogPinged(at: number): void {
    this.#registry.set("sails_watchdog_last_ping_timestamp_seconds", {}, at);
  }

  setReady(isReady: boolean): void {
    this.#registry.set("sails_ready", {}, isReady ? 1 : 0);
  }
}
