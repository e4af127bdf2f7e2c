/** All that supervision must be told of one unit. */
import type { Explain } from "./exit.ts";
import type { Ordered } from "./order.ts";
import type { ProcessSpec } from "./ports.ts";
import type { ProbeSpecs } from "./probe.ts";
import { seconds } from "./time.ts";
import type { Blocker, StopCause, UnitRules } from "./unit-state.ts";

export interface UnitSpec extends Ordered {
  /** Facts for status and metrics (`role`, `pool`); supervision does not read them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly process: ProcessSpec;
  readonly rules: Omit<UnitRules, "hasPreflight">;
  readonly probes: ProbeSpecs;
  readonly explain: Explain;
  /** Looks, before each spawn, for what would make the start fail; never rejects. */
  readonly preflight?: (signal: AbortSignal) => Promise<readonly Blocker[]>;
  /**
   * Asked before a child that runs is stopped, unless all stops or it is not well; bounded by
   * `rules.quiesceTimeout`. Resolves when it may be stopped; never rejects. Aborted when nobody
   * waits for it any more.
   */
  readonly quiesce?: (cause: StopCause["kind"], signal: AbortSignal) => Promise<void>;
}

const defaultQuiesceTimeout = seconds(30);

/** What the decisions are made of, beside the unit's state. */
export const rulesOf = ({ rules, preflight, quiesce }: UnitSpec): UnitRules => ({
  ...rules,
  hasPreflight: preflight !== undefined,
  quiesceTimeout:
    quiesce === undefined ? undefined : (rules.quiesceTimeout ?? defaultQuiesceTimeout),
});

/** Whether a running child of the one is what the other asks for. */
export const sameProcess = (one: UnitSpec, other: UnitSpec): boolean =>
  JSON.stringify(one.process) === JSON.stringify(other.process);
