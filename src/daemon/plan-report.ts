/** What differs of the environment and in Prefect, as the operator is shown it, and how it is put right. */
import type { EnvironmentOrderResult, PlanResult } from "../control/control-plane.ts";
import type { ApplyEvent, ApplyResult, PlanLeft, PlanReport, PlanStep } from "../control/plan.ts";
import { nothingPlanned, type Plan, type PlannedStep } from "../prefect/declared/plan.ts";
import type { Step } from "../prefect/declared/steps.ts";
import type { UnitView } from "../supervision/unit-view.ts";
import type { EnvironmentDifferences } from "./environment-plan.ts";
import type { Reconciler } from "./reconciler.ts";

export interface PlanParts {
  /** `none`: there is no Prefect to look after. */
  readonly reconciler: Pick<Reconciler, "plan" | "apply"> | "starting" | "none";
  readonly environment: {
    readonly differences: EnvironmentDifferences;
    readonly sync: () => Promise<EnvironmentOrderResult>;
  };
  readonly units: readonly UnitView[];
  /** Resolves when the server is ready, or it is not worth waiting for it any longer. */
  readonly serverStarted: () => Promise<void>;
}

type Told = (event: ApplyEvent) => void;

export async function report(parts: PlanParts): Promise<PlanResult> {
  const { reconciler } = parts;
  if (reconciler === "starting") return isStarting;
  if (reconciler === "none") return reportOf(nothingPlanned, parts);
  const answer = await reconciler.plan();
  return answer.kind === "ok" ? reportOf(answer.value, parts) : { kind: "failed", why: answer.why };
}

export async function apply(parts: () => PlanParts, told: Told): Promise<void> {
  const result = await performed(parts, told);
  told({ event: "over", result });
}

/** @param parts as they are at the time: with the environment much else changes */
async function performed(parts: () => PlanParts, told: Told): Promise<ApplyResult> {
  if (parts().reconciler === "starting") return isStarting;
  await makeEnvironment(parts(), told);
  const { reconciler } = parts();
  if (reconciler === "starting") return isStarting;
  if (reconciler === "none") return { kind: "done", rest: reportOf(nothingPlanned, parts()) };
  const outcome = await reconciler.apply({
    started: (step) => told({ event: "started", step: stepOf(step) }),
    done: (step) => told({ event: "done", step: stepOf(step) }),
    failed: (step, why) => told({ event: "failed", step: stepOf(step), why }),
  });
  return outcome.kind === "done"
    ? { kind: "done", rest: reportOf(outcome.plan, parts()) }
    : outcome;
}

/** First: all else is done by what is installed in it. */
async function makeEnvironment(parts: PlanParts, told: Told): Promise<void> {
  const { environment, serverStarted } = parts;
  const [step] = environment.differences.steps;
  if (step === undefined) return;
  told({ event: "started", step });
  const made = await environment.sync();
  if (made.kind === "failed") told({ event: "failed", step, why: made.why });
  else told({ event: "done", step });
  await serverStarted();
}

/** Nothing differs, as long as nothing is known: that must not be said. */
const isStarting = {
  kind: "failed",
  why: "the daemon is starting, and does not know yet what is declared",
} as const;

function reportOf({ steps, left, difficulties }: Plan, parts: PlanParts): PlanReport {
  const { differences } = parts.environment;
  return {
    kind: "planned",
    version: 1,
    steps: [...differences.steps, ...steps.map(stepOf)],
    left: [...differences.left, ...left, ...parts.units.flatMap(stopped)],
    problems: [
      ...differences.problems,
      ...difficulties.map(({ id, what, cure }) => ({ id, what, cure: cure ?? null })),
    ],
  };
}

const stepOf = ({ kind, name, action, fields, why, ...step }: Step | PlannedStep): PlanStep => ({
  kind,
  name,
  action,
  fields: fields.map(({ field, from, to }) => ({ field, from: from ?? null, to: to ?? null })),
  why: why ?? null,
  isReported: "isReported" in step && step.isReported,
  drift: ("drift" in step && step.drift) || null,
});

const stopped = ({ spec, state }: UnitView): readonly PlanLeft[] =>
  state.desired === "up"
    ? []
    : [{ kind: "unit", name: spec.name, reason: "operator", why: "an operator has stopped it" }];
