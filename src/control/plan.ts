/**
 * What differs between what is declared and what is: the shape of `plan --json`, and what `apply`
 * tells while it goes. Versioned as the status is.
 */
import type { Problem } from "./status.ts";

export interface PlanReport {
  readonly kind: "planned";
  readonly version: 1;
  readonly steps: readonly PlanStep[];
  /** What is there and is left alone. */
  readonly left: readonly PlanLeft[];
  /** What is wrong with what is declared, and no step can cure. */
  readonly problems: readonly Problem[];
}

export type PlanKind =
  | "environment"
  | "profile"
  | "pool"
  | "queue"
  | "limit"
  | "deployment"
  | "schedule"
  | "unit";

export interface PlanStep {
  readonly kind: PlanKind;
  readonly name: string;
  readonly action: "create" | "change" | "remove";
  readonly fields: readonly PlanField[];
  /** What it is done for, where the fields do not say it. */
  readonly why: string | null;
  /** Somebody has changed it since it was as declared: `apply` puts it back, the daemon by itself does not. */
  readonly isReported: boolean;
  /** By which key the daemon puts it back by itself, or does not; null: nobody has changed it. */
  readonly drift: { readonly key: string; readonly mode: "enforce" | "report" } | null;
}

export interface PlanField {
  readonly field: string;
  /** Null: there is none, or it is not known. */
  readonly from: unknown;
  readonly to: unknown;
}

export interface PlanLeft {
  readonly kind: PlanKind;
  readonly name: string;
  readonly reason: "not-declared" | "operator" | "other-type";
  readonly why: string;
}

/** One line each of the answer to an `apply`; the last one is `over`. */
export type ApplyEvent =
  | { readonly event: "started" | "done"; readonly step: PlanStep }
  | { readonly event: "failed"; readonly step: PlanStep; readonly why: string }
  | { readonly event: "over"; readonly result: ApplyResult };

export type ApplyResult =
  /** All that could be done is; `rest` is what still differs. */
  | { readonly kind: "done"; readonly rest: PlanReport }
  | { readonly kind: "failed"; readonly why: string };
