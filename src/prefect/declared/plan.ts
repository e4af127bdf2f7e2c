/** What is, as far as it is declared, and what differs. Reads only. */
import type { Config } from "../../config/config.ts";
import type { PrefectApi, WorkPool } from "../api/client.ts";
import type { DeclaredApi, Deployment, GlobalLimit, WorkQueue } from "../api/declared.ts";
import type { Answer } from "../api/transport.ts";
import {
  type DeclaredFiles,
  type DeploymentSource,
  type RemoteFiles,
  readDeclaredFiles,
} from "./declared-files.ts";
import { type DeploymentPlan, flowOf, planDeployments } from "./deployments.ts";
import type { Ledger } from "./ledger.ts";
import { planLimits } from "./limits.ts";
import { planPools } from "./pools.ts";
import { planSchedules } from "./schedules.ts";
import {
  type Difficulty,
  type Drift,
  driftOf,
  isHeld,
  type Left,
  type Planned,
  type Step,
} from "./steps.ts";

export type ReconcileApi = PrefectApi & DeclaredApi;

/** A difference, and whether it is made or only told of. */
export interface PlannedStep extends Step {
  readonly isReported: boolean;
  /** Undefined: it is none. */
  readonly drift: Drift | undefined;
}

export interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly left: readonly Left[];
  readonly difficulties: readonly Difficulty[];
}

export const nothingPlanned: Plan = { steps: [], left: [], difficulties: [] };

export interface PoolsSeen {
  readonly pools: readonly WorkPool[];
  readonly queues: readonly WorkQueue[];
  readonly limits: readonly GlobalLimit[];
}

export async function seePools(
  api: ReconcileApi,
  { pools: declared, concurrencyLimits }: Config,
  signal: AbortSignal,
): Promise<Answer<PoolsSeen>> {
  const pools = await api.pools(signal);
  if (pools.kind !== "ok") return pools;
  const hasQueues = declared.some(({ queues }) => queues.length > 0);
  const queues = hasQueues ? await api.queues(signal) : none;
  if (queues.kind !== "ok") return queues;
  const limits = concurrencyLimits.length > 0 ? await api.limits(signal) : none;
  if (limits.kind !== "ok") return limits;
  return { kind: "ok", value: { pools: pools.value, queues: queues.value, limits: limits.value } };
}

const none = { kind: "ok", value: [] } as const;

export function planDeclaredDeployments(
  config: Config,
  files: DeclaredFiles,
  actual: readonly Deployment[],
  pools: readonly WorkPool[],
  { deployments: records, isInDoubt }: Ledger,
): DeploymentPlan {
  return planDeployments({
    declared: files.deployments,
    files: config.deployments,
    unreadable: files.unreadable,
    actual,
    pools: new Set([...pools, ...config.pools].map(({ name }) => name)),
    records,
    isInDoubt,
  });
}

export function planDeclaredSchedules(
  config: Config,
  actual: readonly Deployment[],
  deployments: DeploymentPlan | undefined,
  { deployments: records, wasClaimed, wasOther }: Ledger,
) {
  const coming = new Set(
    deployments?.planned.flatMap(({ order }) =>
      order.kind === "deploy" && order.actual === undefined
        ? [`${flowOf(order.entry)}/${order.entry.name}`]
        : [],
    ),
  );
  return planSchedules({
    declared: config.deployments.flatMap(({ schedules }) => schedules),
    actual,
    comes: (target) => coming.has(target),
    records,
    wasClaimed,
    wasOther,
  });
}

export interface PlanDeps {
  readonly config: Config;
  readonly api: ReconcileApi;
  readonly ledger: Ledger;
  readonly files: RemoteFiles;
  /** The profile, if it is not as declared. */
  readonly profileStep: () => Promise<Step | undefined>;
  /** Deployments that failed as they are now. */
  readonly failedBefore: FailedDeployments;
  readonly signal: AbortSignal;
}

/** By file and selector: what was tried, and what Prefect said. */
export type FailedDeployments = Map<string, { readonly made: string; readonly why: string }>;

/** What was said of it when it failed, if nothing of it has changed since. */
export function failureOf(
  entry: DeploymentSource,
  failed: FailedDeployments,
): Difficulty | undefined {
  const last = failed.get(keyOf(entry));
  return last?.made === madeFrom(entry) ? notMade(entry, last.why) : undefined;
}

export const keyOf = ({ file, selector }: DeploymentSource): string => `${file}\n${selector}`;

export const madeFrom = ({ fingerprint, code, lock }: DeploymentSource): string =>
  `${fingerprint} ${code} ${lock}`;

export const notMade = ({ name, file }: DeploymentSource, why: string): Difficulty => ({
  id: `deployment ${name}`,
  what: `deployment ${name} (${file}) could not be made: \`prefect deploy\` ${why}`,
  cure: "Correct what it says, then `sails-supervisor reload`",
});

/** All that differs now. Nothing is written, neither to Prefect nor to the disk. */
export async function readPlan(deps: PlanDeps): Promise<Answer<Plan>> {
  const { config, api, ledger, files: remote, profileStep, failedBefore, signal } = deps;
  const seen = await seePools(api, config, signal);
  if (seen.kind !== "ok") return seen;
  const { pools, queues, limits } = seen.value;
  const actual = await api.deployments(signal);
  if (actual.kind !== "ok") return actual;
  const files = await readDeclaredFiles(config, remote);
  const { wasClaimed } = ledger;
  const profile = await profileStep();
  const deployments = planDeclaredDeployments(config, files, actual.value, pools, ledger);
  const parts = [
    planPools(config.pools, pools, queues, wasClaimed),
    planLimits(config.concurrencyLimits, limits, wasClaimed),
    deployments,
    planDeclaredSchedules(config, actual.value, deployments, ledger),
  ];
  const steps = parts.flatMap(({ planned }): Step[] =>
    planned.map(({ step }: Planned<unknown>) => step),
  );
  return {
    kind: "ok",
    value: {
      steps: [...(profile === undefined ? [] : [profile]), ...steps].map((step) => ({
        ...step,
        isReported: isHeld(step, config.drift),
        drift: driftOf(step, config.drift),
      })),
      left: parts.flatMap(({ left }) => left),
      difficulties: [
        ...ledger.difficulties,
        ...files.difficulties,
        ...parts.flatMap(({ difficulties }) => difficulties),
        ...deployments.planned.flatMap(({ order }) =>
          order.kind === "deploy" ? (failureOf(order.entry, failedBefore) ?? []) : [],
        ),
      ],
    },
  };
}
