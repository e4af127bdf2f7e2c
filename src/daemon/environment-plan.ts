/** What differs of the environment, as `plan` shows it. */
import type { PlanLeft, PlanStep } from "../control/plan.ts";
import type { EnvironmentStatus, Problem } from "../control/status.ts";
import type { EnvironmentPlan } from "../prefect/environment/plan.ts";

export interface EnvironmentDifferences {
  readonly steps: readonly PlanStep[];
  readonly left: readonly PlanLeft[];
  readonly problems: readonly Problem[];
}

export const nothingDiffers: EnvironmentDifferences = { steps: [], left: [], problems: [] };

export function environmentDifferences(
  { state, path, reason, current }: EnvironmentStatus,
  { steps }: EnvironmentPlan,
  problems: readonly Problem[],
): EnvironmentDifferences {
  if (state === "held") {
    const left = { kind: "environment", name: path, reason: "operator", why: reason } as const;
    return { steps: [], left: [left], problems };
  }
  const change = steps.find((step) => step.kind === "switch");
  if (change === undefined) return { ...nothingDiffers, problems };
  const isNew = change.from === undefined && current === null;
  const isBuilt = steps.some(({ kind }) => kind === "build");
  const from = isNew ? null : (change.from ?? "what somebody linked there");
  const to = isBuilt ? `${change.to} (to be built)` : change.to;
  const step: PlanStep = {
    kind: "environment",
    name: path,
    action: isNew ? "create" : "change",
    fields: [{ field: "version", from, to }],
    why: state === "in-step" ? null : reason,
    isReported: false,
    drift: null,
  };
  return { steps: [step], left: [], problems };
}
