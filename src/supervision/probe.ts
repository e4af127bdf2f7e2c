/**
 * When the answers of a probe change what we believe of a unit. The rules are kubelet's: nothing
 * changes before a threshold of equal answers in a row, and a probe that could not ask says nothing.
 */
import type { Millis } from "./time.ts";

export type Verdict =
  | { readonly kind: "pass" }
  | { readonly kind: "fail"; readonly why: string }
  /** The prober's own trouble: not the unit's. */
  | { readonly kind: "unknown"; readonly why: string };

/** What a probe may know of the child that it asks about. */
export interface ProbeTarget {
  readonly unit: string;
  readonly pid: number;
  /** When the child was started, on the wall clock: what it reports must be younger. */
  readonly startedAt: Date;
}

export type Probe = (target: ProbeTarget, signal: AbortSignal) => Promise<Verdict>;

/** The names are Kubernetes' own, where operators know them from. */
export interface ProbeSpec {
  readonly probe: Probe;
  readonly period: Millis;
  readonly timeout: Millis;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

export interface ProbeSpecs {
  /** Until it passes, the other two do not ask. */
  readonly startup?: ProbeSpec;
  readonly readiness?: ProbeSpec;
  readonly liveness?: ProbeSpec;
}

export type ProbeKind = keyof ProbeSpecs;

export interface ProbeState {
  readonly belief: "pass" | "fail" | "unknown";
  /** Equal answers in a row. */
  readonly run: { readonly kind: "pass" | "fail"; readonly length: number } | undefined;
}

/** Ready must be shown, alive is taken for granted, started is not known. */
export function initialProbeState(kind: ProbeKind): ProbeState {
  const belief = { startup: "unknown", readiness: "fail", liveness: "pass" } as const;
  return { belief: belief[kind], run: undefined };
}

export function recordVerdict(
  thresholds: Pick<ProbeSpec, "failureThreshold" | "successThreshold">,
  state: ProbeState,
  verdict: Verdict,
): ProbeState {
  if (verdict.kind === "unknown") return state;
  const { kind } = verdict;
  const run = { kind, length: state.run?.kind === kind ? state.run.length + 1 : 1 };
  const threshold = kind === "pass" ? thresholds.successThreshold : thresholds.failureThreshold;
  return { belief: run.length >= threshold ? kind : state.belief, run };
}
