/** Counts what is found of checks, and says what is believed of them. */
import type { Labels, StateOf } from "./catalogue.ts";
import type { MetricRegistry } from "./registry.ts";

export type ShownCheckState = StateOf<"sails_check_state">;

export interface CountedLook {
  readonly check: string;
  /** Undefined: it holds. */
  readonly failure: Labels<"sails_check_failures_total">["reason"] | undefined;
  readonly seconds: number;
  /** Unix time. */
  readonly at: number;
}

export class CheckMetrics {
  readonly #registry: MetricRegistry;
  #checks: ReadonlySet<string> = new Set();

  constructor(registry: MetricRegistry) {
    this.#registry = registry;
  }

  /** One that is gone takes its series along. */
  declare(checks: readonly string[]): void {
    const before = this.#checks;
    this.#checks = new Set(checks);
    for (const check of before.difference(this.#checks)) this.#registry.drop({ check });
    for (const check of this.#checks.difference(before)) {
      this.#registry.zero({ check });
      this.believed(check, "unknown");
    }
  }

  believed(check: string, state: ShownCheckState): void {
    if (this.#checks.has(check)) this.#registry.choose("sails_check_state", { check }, state);
  }

  looked({ check, failure, seconds, at }: CountedLook): void {
    if (!this.#checks.has(check)) return;
    this.#registry.inc("sails_checks_total", { check });
    this.#registry.set("sails_check_duration_seconds", { check }, seconds);
    if (failure === undefined) {
      this.#registry.set("sails_check_last_success_timestamp_seconds", { check }, at);
    } else {
      this.#registry.inc("sails_check_failures_total", { check, reason: failure });
    }
  }
}
