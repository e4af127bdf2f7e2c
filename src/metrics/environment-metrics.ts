/** Counts attempts to make environments, and sets for a scrape what the environments are like. */
import type { Labels } from "./catalogue.ts";
import type { MetricRegistry } from "./registry.ts";

export type SyncFailure = Labels<"sails_environment_sync_failures_total">["reason"];
export type EnvironmentKind = Labels<"sails_environments">["use"];

export interface EnvironmentSnapshot {
  readonly current: Labels<"sails_environment_info"> | undefined;
  readonly isInSync: boolean | undefined;
  /** Unix time in seconds. */
  readonly lastSync: number | undefined;
  /** One for each environment; undefined where none is looked after. */
  readonly uses: readonly EnvironmentKind[] | undefined;
}

export const noEnvironment: EnvironmentSnapshot = {
  current: undefined,
  isInSync: undefined,
  lastSync: undefined,
  uses: undefined,
};

const kinds = ["current", "running", "spare"] as const satisfies readonly EnvironmentKind[];

export class EnvironmentMetrics {
  readonly #registry: MetricRegistry;
  readonly #look: () => EnvironmentSnapshot;
  #shown: Labels<"sails_environment_info"> | undefined;

  constructor(registry: MetricRegistry, look: () => EnvironmentSnapshot) {
    this.#registry = registry;
    this.#look = look;
  }

  /** @param failure undefined: it succeeded */
  attempted(failure: SyncFailure | undefined): void {
    this.#registry.inc("sails_environment_syncs_total", {});
    if (failure !== undefined) {
      this.#registry.inc("sails_environment_sync_failures_total", { reason: failure });
    }
  }

  took(seconds: number): void {
    this.#registry.set("sails_environment_sync_duration_seconds", {}, seconds);
  }

  collect(): void {
    const registry = this.#registry;
    const { current, isInSync, lastSync, uses } = this.#look();
    if (this.#shown !== undefined) registry.set("sails_environment_info", this.#shown, undefined);
    if (current !== undefined) registry.set("sails_environment_info", current, 1);
    this.#shown = current;
    registry.set(
      "sails_environment_in_sync",
      {},
      isInSync === undefined ? undefined : Number(isInSync),
    );
    registry.set("sails_environment_last_sync_timestamp_seconds", {}, lastSync);
    for (const use of kinds) {
      const count = uses?.filter((each) => each === use).length;
      registry.set("sails_environments", { use }, count);
    }
  }
}
