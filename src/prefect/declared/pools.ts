/** Work pools: what is declared against what the server has, as steps. What is not declared is left alone. */
import type { PoolConfig } from "../../config/config.ts";
import type { PrefectApi, WorkPool } from "../api/client.ts";
import type { Answer } from "../api/transport.ts";
import {
  type AskedTemplate,
  isEmptyTemplate,
  type JobTemplate,
  launchCommand,
  type StartCommand,
  startCommandOf,
  withCommand,
} from "./job-template.ts";

export type PoolStep =
  | { readonly kind: "create"; readonly pool: PoolConfig }
  | {
      readonly kind: "set-limit";
      readonly pool: PoolConfig;
      readonly from: number | null;
      readonly to: number;
    }
  | {
      readonly kind: "set-template";
      readonly pool: PoolConfig;
      /** Undefined: the default of the installed Prefect, with our command. */
      readonly template: JobTemplate | undefined;
    };

/** One of another type is nothing that a step could cure: a pool's type is for life. */
export interface PoolMismatch {
  readonly pool: PoolConfig;
  readonly actualType: string;
}

export interface PoolPlan {
  readonly steps: readonly PoolStep[];
  readonly mismatches: readonly PoolMismatch[];
  /** Declared as detached, but somebody has given their template a command of its own. */
  readonly foreignCommands: readonly PoolConfig[];
}

export function planPools(declared: readonly PoolConfig[], actual: readonly WorkPool[]): PoolPlan {
  const byName = new Map(actual.map((pool) => [pool.name, pool]));
  const steps: PoolStep[] = [];
  const mismatches: PoolMismatch[] = [];
  const foreignCommands: PoolConfig[] = [];
  for (const pool of declared) {
    const found = byName.get(pool.name);
    const limit = pool.concurrencyLimit;
    if (found === undefined) {
      steps.push({ kind: "create", pool });
      continue;
    }
    if (found.type !== pool.type) {
      mismatches.push({ pool, actualType: found.type });
      continue;
    }
    if (limit !== undefined && limit !== found.concurrency_limit) {
      steps.push({ kind: "set-limit", pool, from: found.concurrency_limit, to: limit });
    }
    if (pool.type !== "process") continue;
    const command = startCommandOf(found.base_job_template);
    if (isDetached(pool) && command === "foreign") foreignCommands.push(pool);
    else steps.push(...templateSteps(pool, found.base_job_template, command));
  }
  return { steps, mismatches, foreignCommands };
}

/** Whether its runs are to outlive their worker: only processes of this machine can. */
export const isDetached = ({ type, detached }: PoolConfig): boolean =>
  type === "process" && detached;

function templateSteps(
  pool: PoolConfig,
  actual: JobTemplate,
  command: StartCommand,
): readonly PoolStep[] {
  if (isDetached(pool) && command === "none") {
    const template = isEmptyTemplate(actual) ? undefined : withCommand(actual, launchCommand);
    return [{ kind: "set-template", pool, template }];
  }
  if (!isDetached(pool) && command === "ours") {
    return [{ kind: "set-template", pool, template: withCommand(actual, null) }];
  }
  return [];
}

/** @param defaultTemplate that of the installed Prefect, for steps that need one */
export async function performPoolStep(
  api: PrefectApi,
  step: PoolStep,
  defaultTemplate: () => Promise<AskedTemplate>,
  signal: AbortSignal,
): Promise<Answer<unknown>> {
  switch (step.kind) {
    case "create": {
      const { name, type, concurrencyLimit } = step.pool;
      const limit = concurrencyLimit === undefined ? {} : { concurrency_limit: concurrencyLimit };
      if (!isDetached(step.pool)) return api.createPool({ name, type, ...limit }, signal);
      const template = await launching(defaultTemplate);
      if (template.kind !== "ok") return template;
      const base_job_template = template.value;
      return api.createPool({ name, type, ...limit, base_job_template }, signal);
    }
    case "set-limit":
      return api.updatePool(step.pool.name, { concurrency_limit: step.to }, signal);
    case "set-template": {
      const template: Answer<JobTemplate> =
        step.template === undefined
          ? await launching(defaultTemplate)
          : { kind: "ok", value: step.template };
      if (template.kind !== "ok") return template;
      return api.updatePool(step.pool.name, { base_job_template: template.value }, signal);
    }
    default:
      return step satisfies never;
  }
}

async function launching(
  defaultTemplate: () => Promise<AskedTemplate>,
): Promise<Answer<JobTemplate>> {
  const asked = await defaultTemplate();
  if (asked.kind === "failed") return { kind: "unreachable", why: asked.why };
  return { kind: "ok", value: withCommand(asked.template, launchCommand) };
}
