/** A unit as others see it, and how they hear of it: nothing here can steer. */
import type { ProbeKind, Verdict } from "./probe.ts";
import type { UnitSpec } from "./unit-spec.ts";
import type { UnitEvent, UnitState } from "./unit-state.ts";

export interface UnitView {
  readonly spec: UnitSpec;
  readonly state: UnitState;
  readonly pid: number | undefined;
}

/** Logs and metrics hang here. `unit` already is in its new state. */
export interface Observer {
  transition(unit: UnitView, from: UnitState, event: UnitEvent): void;
  probed(unit: UnitView, kind: ProbeKind, verdict: Verdict): void;
}

export const isReady = ({ state: { phase } }: UnitView): boolean =>
  phase.kind === "running" && phase.unready === undefined;
