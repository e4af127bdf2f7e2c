/** What the reconciler finds and does, as the operator is shown it. */
import type { PlanResult } from "../control/control-plane.ts";
import type { ApplyEvent, PlanLeft, PlanReport, PlanStep } from "../control/plan.ts";
import { nothingPlanned, type Plan, type PlannedStep } from "../prefect/declared/plan.ts";
import type { Step } from "../prefect/declared/steps.ts";
import type { UnitView } from "../supervision/unit-view.ts";
import type { Reconciler } from "./reconciler.ts";

export interface PlanParts {
  /** `none`: there is no Prefect to look after. */
  readonly reconciler: Pick<Reconciler, "plan" | "apply"> | "starting" | "none";
  readonly units: readonly UnitView[];
}

export async function report({ reconciler, units }: PlanParts): Promise<PlanResult> {
  if (reconciler === "starting") return isStarting;
  if (reconciler === "none") return reportOf(nothingPlanned, units);
  const answer = await reconciler.plan();
  return answer.kind === "ok" ? reportOf(answer.value, units) : { kind: "failed", why: answer.why };
}

export async function apply(
  { reconciler, units }: PlanParts,
  told: (event: ApplyEvent) => void,
): Promise<void> {
  const over = (result: Extract<ApplyEvent, { event: "over" }>["result"]): void =>
    told({ event: "over", result });
  if (reconciler === "starting") return over(isStarting);
  if (reconciler === "none") return over({ kind: "done", rest: reportOf(nothingPlanned, units) });
  const outcome = await reconciler.apply({
    started: (step) => told({ event: "started", step: stepOf(step) }),
    done: (step) => told({ event: "done", step: stepOf(step) }),
    failed: (step, why) => told({ event: "failed", step: stepOf(step), why }),
  });
  over(outcome.kind === "done" ? { kind: "done", rest: reportOf(outcome.plan, units) } : outcome);
}

/** Nothing differs, as long as nothing is known: that must not be said. */
const isStarting = {
  kind: "failed",
  why: "the daemon is starting, and does not know yet what is declared",
} as const;

function reportOf({ steps, left, difficulties }: Plan, units: readonly UnitView[]): PlanReport {
  return {
    kind: "planned",
    version: 1,
    steps: steps.map(stepOf),
    left: [...left, ...units.flatMap(stopped)],
    problems: difficulties.map(({ id, what, cure }) => ({ id, what, cure: cure ?? null })),
  };
}

const stepOf = ({ kind, name, action, fields, why, ...step }: Step | PlannedStep): PlanStep => ({
  kind,
  name,
  action,
  fields: fields.map(({ field, from, to }) => ({ field, from: from ?? null, to: to ?? null })),
  why: why ?? null,
  isReported: "isReported" in step && step.isReported,
});

const stopped = ({ spec, state }: UnitView): readonly PlanLeft[] =>
  state.desired === "up"
    ? []
    : [{ kind: "unit", name: spec.name, reason: "operator", why: "an operator has stopped it" }];
