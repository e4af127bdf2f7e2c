/** From what the reconciler tells to what is counted of it. */
import type { ReconcileFailure, ReconcileMetrics } from "../metrics/reconcile-metrics.ts";
import type { FailedStep } from "../prefect/declared/account.ts";
import type { ReconcileMeter } from "./reconciler.ts";

export const reconcileMeter = (metrics: () => ReconcileMetrics): ReconcileMeter => ({
  stepDone: (kind) => metrics().done(kind),
  stepFailed: (kind, failure) => metrics().failed(kind, reasonOf(failure)),
  rounded: (took, { steps, left }) =>
    metrics().rounded({
      seconds: took / 1000,
      at: Date.now() / 1000,
      pending: steps.map(({ kind }) => kind),
      withheld: left.flatMap(({ kind, reason }) => (reason === "operator" ? [kind] : [])),
    }),
});

function reasonOf(failure: FailedStep): ReconcileFailure {
  if (failure === "command") return "command";
  if (failure.kind === "refused") return failure.status === 409 ? "conflict" : "status";
  if (/nothing listens/.test(failure.why)) return "refused";
  return /did not answer within/.test(failure.why) ? "timeout" : "other";
}
