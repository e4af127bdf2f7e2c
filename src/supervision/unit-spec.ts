/** All that supervision must be told of one unit. */
import type { Explain } from "./exit.ts";
import type { Ordered } from "./order.ts";
import type { ProcessSpec } from "./ports.ts";
import type { ProbeSpecs } from "./probe.ts";
import type { Blocker, UnitRules } from "./unit-state.ts";

export interface UnitSpec extends Ordered {
  /** Facts for status and metrics (`role`, `pool`); supervision does not read them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly process: ProcessSpec;
  readonly rules: Omit<UnitRules, "hasPreflight">;
  readonly probes: ProbeSpecs;
  readonly explain: Explain;
  /** Looks, before each spawn, for what would make the start fail; never rejects. */
  readonly preflight?: (signal: AbortSignal) => Promise<readonly Blocker[]>;
}

/** Whether a running child of the one is what the other asks for. */
export const sameProcess = (one: UnitSpec, other: UnitSpec): boolean =>
  JSON.stringify(one.process) === JSON.stringify(other.process);
