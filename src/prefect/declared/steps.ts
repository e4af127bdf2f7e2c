/** What differs between what is declared and what is, as data: the steps of a plan, and what is left alone. */
import type { DriftConfig } from "../../config/config.ts";

export type StepKind = "profile" | "pool" | "queue" | "limit" | "deployment" | "schedule";

/** One difference, which one action takes away. */
export interface Step {
  readonly kind: StepKind;
  /** `vm-runs`, `vm-runs/urgent` of a queue, `monitor/monitor` or `monitor/monitor sails-1`. */
  readonly name: string;
  readonly action: "create" | "change" | "remove";
  readonly fields: readonly FieldChange[];
  /** What it is done for, where the fields do not say it. */
  readonly why: string | undefined;
  /** What is declared is as it was when it was made so: somebody has changed it in Prefect. */
  readonly isDrift: boolean;
}

export interface FieldChange {
  readonly field: string;
  /** Undefined: there is none, or it is not known. */
  readonly from: unknown;
  readonly to: unknown;
}

/** Something that is there and is no business of a step. */
export interface Left {
  readonly kind: StepKind;
  readonly name: string;
  readonly reason: "not-declared" | "operator" | "other-type";
  readonly why: string;
}

/** What is wrong and no step can cure. */
export interface Difficulty {
  /** Stable: `deployment monitor`. */
  readonly id: string;
  readonly what: string;
  readonly cure?: string;
}

/** A declared value that holds now: what the next difference is held against. */
export interface Claim {
  readonly key: string;
  readonly value: unknown;
}

/** A step with what performs it. */
export interface Planned<Order> {
  readonly step: Step;
  readonly order: Order;
  /** What holds when it is done. */
  readonly claims: readonly Claim[];
}

export interface PartPlan<Order> {
  readonly planned: readonly Planned<Order>[];
  readonly left: readonly Left[];
  readonly difficulties: readonly Difficulty[];
  /** Of what is in order already. */
  readonly claims: readonly Claim[];
}

export type WasClaimed = (claim: Claim) => boolean;

const kindsOfDrift = {
  limit: "limits",
  pool: "pools",
  queue: "pools",
  deployment: "deployments",
  schedule: "schedules",
} as const satisfies Record<Exclude<StepKind, "profile">, keyof DriftConfig>;

/** What is done about a step that is drift, and which key of the configuration says so. */
export interface Drift {
  /** `drift.limits`. */
  readonly key: `drift.${keyof DriftConfig}`;
  readonly mode: "enforce" | "report";
}

export function driftOf({ kind, isDrift }: Step, drift: DriftConfig): Drift | undefined {
  if (!isDrift || kind === "profile") return undefined;
  const of = kindsOfDrift[kind];
  return { key: `drift.${of}`, mode: drift[of] };
}

/** Whether the configuration wants it to be told only. */
export const isHeld = (step: Step, drift: DriftConfig): boolean =>
  driftOf(step, drift)?.mode === "report";

/** `limit vm-runs`: stable, for machines. */
export const stepId = ({ kind, name }: Pick<Step, "kind" | "name">): string => `${kind} ${name}`;

/** The step in words: `limit of pool vm-runs: 7 → 2`. */
export function stepWords({ kind, name, action, fields, why }: Step): string {
  const what = fields
    .map(({ field, from, to }) => `${field} ${shown(from)} → ${shown(to)}`)
    .join(", ");
  const words = action === "change" && what !== "" ? what : pastWords[action];
  return `${kind} ${name}: ${words}${why === undefined ? "" : ` (${why})`}`;
}

export const pastWords = { create: "created", change: "changed", remove: "removed" } as const;

/** As a person reads it, in one line of bounded length. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "none";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
