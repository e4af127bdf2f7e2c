/** The pools of a round, with their queues, and the global limits. A pool that is right opens the way for its workers. */
import type { Config } from "../../config/config.ts";
import type { Blocker } from "../../supervision/unit-state.ts";
import type { Answer } from "../api/transport.ts";
import { poolCondition } from "../installation.ts";
import type { Account, Cut } from "./account.ts";
import type { AskedTemplate } from "./job-template.ts";
import type { Ledger } from "./ledger.ts";
import { performLimitOrder, planLimits } from "./limits.ts";
import type { PoolsSeen, ReconcileApi } from "./plan.ts";
import { type PoolOrder, type PoolPlan, performPoolOrder, planPools } from "./pools.ts";
import type { Planned } from "./steps.ts";

export interface PoolsDeps {
  readonly config: Config;
  readonly api: ReconcileApi;
  readonly ledger: Ledger;
  /** Of the installed Prefect; asked for at most once a round. */
  readonly defaultTemplate: () => Promise<AskedTemplate>;
  readonly setCondition: (name: string, blocker: Blocker | undefined) => void;
  readonly signal: AbortSignal;
}

export async function convergePools(
  { pools, queues, limits }: PoolsSeen,
  deps: PoolsDeps,
  account: Account,
): Promise<Cut> {
  const { config, ledger, api, signal } = deps;
  const plan = planPools(config.pools, pools, queues, ledger.wasClaimed);
  account.begin(plan);
  openTheWay(plan, deps);
  let cut = await perform(plan.planned, deps, account);
  if (plan.planned.some(({ order }) => order.kind.endsWith("queue"))) {
    cut ??= await queuesAgain(deps, account);
  }
  const limitPlan = planLimits(config.concurrencyLimits, limits, ledger.wasClaimed);
  account.begin(limitPlan);
  const made = await account.perform(limitPlan.planned, (order) =>
    performLimitOrder(api, order, signal),
  );
  return cut ?? made;
}

/** For the workers of pools that are right already. */
function openTheWay({ mismatches, planned }: PoolPlan, { config, setCondition }: PoolsDeps): void {
  for (const { pool, actualType } of mismatches) {
    const why = `pool ${pool.name} is of type ${actualType}, not ${pool.type}`;
    const cure = `Set its type to ${actualType} in the configuration, or delete the pool in Prefect`;
    setCondition(poolCondition(pool.name), { kind: "config", why, cure });
  }
  const waits = new Set([
    ...mismatches.map(({ pool }) => pool.name),
    ...planned.flatMap(({ order }) => (gates(order) ? [order.pool.name] : [])),
  ]);
  for (const { name } of config.pools) {
    if (!waits.has(name)) setCondition(poolCondition(name), undefined);
  }
}

/** Whether the workers of the pool have to wait for it: for the pool, its limit, how its runs start. */
const gates = (order: PoolOrder): boolean =>
  order.kind === "create" ||
  order.kind === "set-template" ||
  (order.kind === "update" && order.change.concurrency_limit !== undefined);

function perform(
  planned: readonly Planned<PoolOrder>[],
  { api, setCondition, defaultTemplate, signal }: PoolsDeps,
  account: Account,
): Promise<Cut> {
  const templateOnce = once(defaultTemplate);
  const failed = new Set<string>();
  return account.perform(planned, async (order): Promise<Answer<unknown>> => {
    const answer = await performPoolOrder(api, order, templateOnce, signal);
    const { name } = order.pool;
    if (answer.kind === "ok") {
      if (!failed.has(name)) setCondition(poolCondition(name), undefined);
    } else if (gates(order)) {
      failed.add(name);
      const why = `pool ${name} is not right: ${answer.why}`;
      setCondition(poolCondition(name), { kind: "dependency", why });
    }
    return answer;
  });
}

/** Prefect has moved queues aside for others: that is nobody's doing but ours. */
async function queuesAgain(deps: PoolsDeps, account: Account): Promise<Cut> {
  const { api, config, signal } = deps;
  const queues = await api.queues(signal);
  if (queues.kind !== "ok") return queues.why;
  const pools = await api.pools(signal);
  if (pools.kind !== "ok") return pools.why;
  const { planned } = planPools(config.pools, pools.value, queues.value, () => false);
  const ofQueues = planned.filter(({ step }) => step.kind === "queue");
  return perform(ofQueues, deps, account);
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask());
}
