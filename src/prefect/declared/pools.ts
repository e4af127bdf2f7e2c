/** Work pools and their queues: what is declared against what the server has. What is not declared is left alone. */
import type { PoolConfig, QueueConfig } from "../../config/config.ts";
import type { PoolChange, PrefectApi, WorkPool } from "../api/client.ts";
import type { DeclaredApi, NewQueue, QueueChange, WorkQueue } from "../api/declared.ts";
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
import type { Claim, Left, PartPlan, Planned, Step, WasClaimed } from "./steps.ts";

export type PoolOrder =
  | { readonly kind: "create"; readonly pool: PoolConfig }
  | { readonly kind: "update"; readonly pool: PoolConfig; readonly change: PoolChange }
  | {
      readonly kind: "set-template";
      readonly pool: PoolConfig;
      /** Undefined: the default of the installed Prefect, with our command. */
      readonly template: JobTemplate | undefined;
    }
  | { readonly kind: "create-queue"; readonly pool: PoolConfig; readonly queue: NewQueue }
  | {
      readonly kind: "update-queue";
      readonly pool: PoolConfig;
      readonly name: string;
      readonly change: QueueChange;
    };

/** One of another type is nothing that a step could cure: a pool's type is for life. */
export interface PoolMismatch {
  readonly pool: PoolConfig;
  readonly actualType: string;
}

export interface PoolPlan extends PartPlan<PoolOrder> {
  readonly mismatches: readonly PoolMismatch[];
}

export function planPools(
  declared: readonly PoolConfig[],
  actual: readonly WorkPool[],
  queues: readonly WorkQueue[],
  wasClaimed: WasClaimed,
): PoolPlan {
  const byName = new Map(actual.map((pool) => [pool.name, pool]));
  const names = new Set(declared.map(({ name }) => name));
  const queuesOf = Map.groupBy(queues, ({ work_pool_name: pool }) => pool ?? "");
  const draft = new Draft(wasClaimed);
  const mismatches: PoolMismatch[] = [];
  for (const pool of declared) {
    const found = byName.get(pool.name);
    if (found !== undefined && found.type !== pool.type) {
      mismatches.push({ pool, actualType: found.type });
      continue;
    }
    if (found === undefined) createPool(draft, pool);
    else changePool(draft, pool, found);
    planQueues(draft, pool, queuesOf.get(pool.name) ?? []);
  }
  const left = [
    ...actual.filter(({ name }) => !names.has(name)).map(undeclared),
    ...mismatches.map(otherType),
  ];
  const difficulties = [
    ...mismatches.map(({ pool: { name, type }, actualType }) => ({
      id: `pool ${name}`,
      what: `pool ${name} is of type ${actualType}, not ${type}`,
      cure: `Set its type to ${actualType} in the configuration, or delete the pool in Prefect`,
    })),
    ...draft.foreignCommands.map(({ name }) => ({
      id: `command ${name}`,
      what: `the job template of pool ${name} has a command of its own, so that its flow runs do not outlive their worker: its restart waits for them`,
      cure: `Take the command out of the pool's template in Prefect, or set detached: false for ${name}`,
    })),
  ];
  return { planned: draft.planned, claims: draft.claims, left, mismatches, difficulties };
}

const undeclared = ({ name, type }: WorkPool): Left => ({
  kind: "pool",
  name,
  reason: "not-declared",
  why: `a ${type} pool that is not in the configuration`,
});

const otherType = ({ pool, actualType }: PoolMismatch): Left => ({
  kind: "pool",
  name: pool.name,
  reason: "other-type",
  why: `of type ${actualType}, not ${pool.type}: a pool keeps its type`,
});

/** Whether its runs are to outlive their worker: only processes of this machine can. */
export const isDetached = ({ type, detached }: PoolConfig): boolean =>
  type === "process" && detached;

/** Gathers what one pool after the other adds. */
class Draft {
  readonly planned: Planned<PoolOrder>[] = [];
  readonly claims: Claim[] = [];
  readonly foreignCommands: PoolConfig[] = [];
  readonly #wasClaimed: WasClaimed;

  constructor(wasClaimed: WasClaimed) {
    this.#wasClaimed = wasClaimed;
  }

  create(step: Pick<Step, "kind" | "name" | "fields">, order: PoolOrder, claims: Claim[]): void {
    this.planned.push({ step: { ...step, action: "create", ...plain }, order, claims });
  }

  /** @param declared undefined: not ours to say */
  field(
    part: Pick<Step, "kind" | "name"> & { readonly field: string; readonly from: unknown },
    declared: unknown,
    order: PoolOrder,
  ): void {
    if (declared === undefined) return;
    const { kind, name, field, from } = part;
    const claim: Claim = { key: `${kind} ${name} ${field}`, value: declared };
    if ((from ?? null) === declared) {
      this.claims.push(claim);
      return;
    }
    const fields = [{ field, from: from ?? null, to: declared }];
    const isDrift = this.#wasClaimed(claim);
    const step: Step = { kind, name, action: "change", fields, why: undefined, isDrift };
    this.planned.push({ step, order, claims: [claim] });
  }
}

const plain = { why: undefined, isDrift: false } as const;

function createPool(draft: Draft, pool: PoolConfig): void {
  const { name, type, concurrencyLimit, description } = pool;
  const fields = present({ type, concurrency_limit: concurrencyLimit, description });
  const claims = [
    ...claimed(`limit ${name} concurrency_limit`, concurrencyLimit),
    ...claimed(`pool ${name} description`, description),
  ];
  draft.create({ kind: "pool", name, fields }, { kind: "create", pool }, claims);
}

function changePool(draft: Draft, pool: PoolConfig, found: WorkPool): void {
  const { name, concurrencyLimit: limit, description } = pool;
  draft.field(
    { kind: "limit", name, field: "concurrency_limit", from: found.concurrency_limit },
    limit,
    { kind: "update", pool, change: { concurrency_limit: limit ?? null } },
  );
  draft.field({ kind: "pool", name, field: "description", from: found.description }, description, {
    kind: "update",
    pool,
    change: { description: description ?? null },
  });
  if (pool.type !== "process") return;
  const command = startCommandOf(found.base_job_template);
  if (isDetached(pool) && command === "foreign") draft.foreignCommands.push(pool);
  else draft.planned.push(...templateSteps(pool, found.base_job_template, command));
}

function templateSteps(
  pool: PoolConfig,
  actual: JobTemplate,
  command: StartCommand,
): readonly Planned<PoolOrder>[] {
  const step = (from: string, to: string, template: JobTemplate | undefined) => ({
    step: {
      kind: "pool" as const,
      name: pool.name,
      action: "change" as const,
      fields: [{ field: "command", from, to }],
      ...plain,
    },
    order: { kind: "set-template" as const, pool, template },
    claims: [],
  });
  if (isDetached(pool) && command === "none") {
    const template = isEmptyTemplate(actual) ? undefined : withCommand(actual, launchCommand);
    return [step("Prefect's own", "our launcher: flow runs outlive their worker", template)];
  }
  if (!isDetached(pool) && command === "ours") {
    return [step("our launcher", "Prefect's own", withCommand(actual, null))];
  }
  return [];
}

/** The first places first: Prefect moves the others aside. */
const byPriority = (one: QueueConfig, other: QueueConfig): number =>
  (one.priority ?? Infinity) - (other.priority ?? Infinity) || 0;

function planQueues(draft: Draft, pool: PoolConfig, actual: readonly WorkQueue[]): void {
  const queues = pool.queues.toSorted((one, other) =>
    one.priority === other.priority ? 0 : byPriority(one, other),
  );
  for (const { name: queue, concurrencyLimit, priority } of queues) {
    const found = actual.find(({ name }) => name === queue);
    const name = `${pool.name}/${queue}`;
    const limit = { concurrency_limit: concurrencyLimit ?? null };
    if (found === undefined) {
      const made = {
        name: queue,
        ...(concurrencyLimit === undefined ? {} : limit),
        ...(priority === undefined ? {} : { priority }),
      };
      const fields = present({ concurrency_limit: concurrencyLimit, priority });
      const claims = [
        ...claimed(`limit ${name} concurrency_limit`, concurrencyLimit),
        ...claimed(`queue ${name} priority`, priority),
      ];
      draft.create(
        { kind: "queue", name, fields },
        { kind: "create-queue", pool, queue: made },
        claims,
      );
      continue;
    }
    const update = (change: QueueChange): PoolOrder => ({
      kind: "update-queue",
      pool,
      name: queue,
      change,
    });
    draft.field(
      { kind: "limit", name, field: "concurrency_limit", from: found.concurrency_limit },
      concurrencyLimit,
      update(limit),
    );
    draft.field(
      { kind: "queue", name, field: "priority", from: found.priority },
      priority,
      update({ priority: priority ?? null }),
    );
  }
}

const present = (fields: Readonly<Record<string, unknown>>) =>
  Object.entries(fields).flatMap(([field, to]) =>
    to === undefined ? [] : [{ field, from: undefined, to }],
  );

const claimed = (key: string, value: unknown): Claim[] =>
  value === undefined ? [] : [{ key, value }];

/** @param defaultTemplate that of the installed Prefect, for steps that need one */
export async function performPoolOrder(
  api: Pick<PrefectApi, "createPool" | "updatePool"> &
    Pick<DeclaredApi, "createQueue" | "updateQueue">,
  order: PoolOrder,
  defaultTemplate: () => Promise<AskedTemplate>,
  signal: AbortSignal,
): Promise<Answer<unknown>> {
  const { name } = order.pool;
  switch (order.kind) {
    case "create": {
      const { type, concurrencyLimit, description } = order.pool;
      const made = {
        name,
        type,
        ...(concurrencyLimit === undefined ? {} : { concurrency_limit: concurrencyLimit }),
        ...(description === undefined ? {} : { description }),
      };
      if (!isDetached(order.pool)) return api.createPool(made, signal);
      const template = await launching(defaultTemplate);
      if (template.kind !== "ok") return template;
      return api.createPool({ ...made, base_job_template: template.value }, signal);
    }
    case "update":
      return api.updatePool(name, order.change, signal);
    case "set-template": {
      const template: Answer<JobTemplate> =
        order.template === undefined
          ? await launching(defaultTemplate)
          : { kind: "ok", value: order.template };
      if (template.kind !== "ok") return template;
      return api.updatePool(name, { base_job_template: template.value }, signal);
    }
    case "create-queue":
      return api.createQueue(name, order.queue, signal);
    case "update-queue":
      return api.updateQueue(name, order.name, order.change, signal);
    default:
      return order satisfies never;
  }
}

async function launching(
  defaultTemplate: () => Promise<AskedTemplate>,
): Promise<Answer<JobTemplate>> {
  const asked = await defaultTemplate();
  if (asked.kind === "failed") return { kind: "unreachable", why: asked.why };
  return { kind: "ok", value: withCommand(asked.template, launchCommand) };
}
