/** The families that tell how far what is declared is what is. */
import type { Families } from "./family.ts";

const kind = { kind: ["profile", "pool", "queue", "limit", "deployment", "schedule"] } as const;

export const reconcileFamilies = {
  sails_reconcile_pending_steps: {
    type: "gauge",
    labels: kind,
    help: "Steps between what is declared and what is.",
    how: "last round; those that failed, and those that are only reported",
  },
  sails_reconcile_withheld_steps: {
    type: "gauge",
    labels: kind,
    help: "Differences left alone because an operator made them on purpose.",
    how: "last round",
  },
  sails_reconciles_total: {
    type: "counter",
    labels: {},
    help: "Rounds of the reconciler.",
    how: "event",
  },
  sails_reconcile_failures_total: {
    type: "counter",
    labels: {
      ...kind,
      reason: ["timeout", "refused", "status", "conflict", "command", "other"],
    },
    help: "Steps that failed.",
    how: "event",
  },
  sails_reconcile_steps_total: {
    type: "counter",
    labels: kind,
    help: "Steps carried out.",
    how: "event",
  },
  sails_reconcile_duration_seconds: {
    type: "gauge",
    labels: {},
    help: "Duration of the last round.",
    how: "event",
  },
  sails_reconcile_last_convergence_timestamp_seconds: {
    type: "gauge",
    labels: {},
    help: "Unix time of the last round that ended with no step pending; absent before the first.",
    how: "reconciler",
  },
} as const satisfies Families;

export const reconcileKinds = kind.kind;
