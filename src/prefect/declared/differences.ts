/** What differs between what is declared and what Prefect has, for people: nothing here changes anything. */
import type { Config } from "../../config/config.ts";
import type { Deployment, PrefectApi, WorkPool } from "../api/client.ts";
import type { Answer } from "../api/transport.ts";
import type { ReadRemote } from "../ports.ts";
import { readFiles, schedulePlan } from "./converge.ts";
import { isMade, planDeployments } from "./deployments.ts";
import { isDetached, type PoolStep, planPools } from "./pools.ts";
import type { DeclaredDeployment } from "./prefect-yaml.ts";
import { describeSchedule, isOurs, nameOf, type ScheduleStep } from "./schedules.ts";

export interface Difference {
  /** `leave`: it differs, or is not declared, and stays as it is. */
  readonly action: "create" | "change" | "remove" | "leave";
  readonly what: "pool" | "deployment" | "schedule";
  readonly name: string;
  /** Only of `change`. */
  readonly field?: string;
  readonly from?: string;
  readonly to?: string;
  /** Of what is left, why; of the others, what is to be known of it. */
  readonly why?: string;
}

export async function findDifferences(
  config: Config,
  api: PrefectApi,
  read: ReadRemote,
  signal: AbortSignal,
): Promise<Answer<readonly Difference[]>> {
  const [pools, deployments, files] = await Promise.all([
    api.pools(signal),
    api.deployments(signal),
    readFiles(config, read),
  ]);
  if (pools.kind !== "ok") return pools;
  if (deployments.kind !== "ok") return deployments;
  const value = differencesOf(config, pools.value, deployments.value, files.declared);
  const unread = files.difficulties.map(({ id, what }) => leave("deployment", id, what));
  return { kind: "ok", value: [...value, ...unread] };
}

export function differencesOf(
  config: Config,
  pools: readonly WorkPool[],
  deployments: readonly Deployment[],
  files: readonly DeclaredDeployment[],
): readonly Difference[] {
  return [
    ...poolDifferences(config, pools),
    ...deploymentDifferences(config, pools, deployments, files),
    ...scheduleDifferences(config, deployments, files),
  ];
}

const leave = (what: Difference["what"], name: string, why: string): Difference => ({
  action: "leave",
  what,
  name,
  why,
});

function poolDifferences(config: Config, actual: readonly WorkPool[]): readonly Difference[] {
  const { steps, mismatches, foreignCommands } = planPools(config.pools, actual);
  const declared = new Set(config.pools.map(({ name }) => name));
  return [
    ...steps.map(poolDifference),
    ...mismatches.map(({ pool, actualType }) =>
      leave(
        "pool",
        pool.name,
        `it is of type ${actualType}, not ${pool.type}: that cannot be changed`,
      ),
    ),
    ...foreignCommands.map(({ name }) =>
      leave("pool", name, "its job template has a command of its own"),
    ),
    ...actual
      .filter(({ name }) => !declared.has(name))
      .map(({ name }) => leave("pool", name, "it is not declared")),
  ];
}

function poolDifference(step: PoolStep): Difference {
  const { name, type, concurrencyLimit } = step.pool;
  switch (step.kind) {
    case "create": {
      const limit = concurrencyLimit === undefined ? "" : `, concurrency_limit ${concurrencyLimit}`;
      return { action: "create", what: "pool", name, why: `type ${type}${limit}` };
    }
    case "set-limit": {
      const [from, to] = [String(step.from), String(step.to)];
      return { action: "change", what: "pool", name, field: "concurrency_limit", from, to };
    }
    case "set-template": {
      const [ours, theirs] = ["runs outlive their worker", "Prefect's own"];
      const [from, to] = isDetached(step.pool) ? [theirs, ours] : [ours, theirs];
      return {
        action: "change",
        what: "pool",
        name,
        field: "command of its job template",
        from,
        to,
      };
    }
    default:
      return step satisfies never;
  }
}

function deploymentDifferences(
  config: Config,
  pools: readonly WorkPool[],
  actual: readonly Deployment[],
  files: readonly DeclaredDeployment[],
): readonly Difference[] {
  const names = new Set([...pools, ...config.pools].map(({ name }) => name));
  const { missing, withoutPool } = planDeployments(files, actual, names);
  return [
    ...missing.map(
      ({ name, file }) => ({ action: "create", what: "deployment", name, why: file }) as const,
    ),
    ...withoutPool.map(({ name, poolName }) =>
      leave(
        "deployment",
        name,
        `nothing would run it: the pool ${poolName} is neither declared nor on the server`,
      ),
    ),
    ...actual
      .filter((deployment) => !files.some((entry) => isMade(entry, deployment)))
      .map((deployment) =>
        leave("deployment", nameOf(deployment), "no file that is declared has it"),
      ),
  ];
}

function scheduleDifferences(
  config: Config,
  actual: readonly Deployment[],
  files: readonly DeclaredDeployment[],
): readonly Difference[] {
  const { steps, withoutDeployment } = schedulePlan(config, files, actual);
  return [
    ...steps.flatMap(scheduleDifference),
    ...withoutDeployment.map((name) => leave("schedule", name, "there is no such deployment")),
    ...actual.flatMap((deployment) =>
      deployment.schedules
        .filter((made) => !isOurs(made))
        .map(({ schedule, slug }) => {
          const name = `${nameOf(deployment)}: ${describeSchedule(schedule)}`;
          return leave(
            "schedule",
            name,
            `an operator or a prefect.yaml made it${slug ? ` (${slug})` : ""}`,
          );
        }),
    ),
  ];
}

function scheduleDifference(step: ScheduleStep): readonly Difference[] {
  const name = nameOf(step.deployment);
  switch (step.kind) {
    case "create":
      return step.schedules.map(({ schedule }) => ({
        action: "create",
        what: "schedule",
        name: `${name}: ${describeSchedule(schedule)}`,
      }));
    case "change": {
      const [from, to] = [describeSchedule(step.made.schedule), describeSchedule(step.to)];
      return [{ action: "change", what: "schedule", name, field: step.made.slug ?? "", from, to }];
    }
    case "remove": {
      const why = "it is not declared any more";
      return [
        {
          action: "remove",
          what: "schedule",
          name: `${name}: ${describeSchedule(step.made.schedule)}`,
          why,
        },
      ];
    }
    default:
      return step satisfies never;
  }
}
