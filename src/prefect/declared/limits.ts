/** Prefect's global concurrency limits. */
import type { LimitConfig } from "../../config/config.ts";
import type { DeclaredApi, GlobalLimit } from "../api/declared.ts";
import type { Answer } from "../api/transport.ts";
import type { PartPlan, Planned, WasClaimed } from "./steps.ts";

export interface LimitOrder {
  readonly kind: "create-limit" | "update-limit";
  readonly limit: LimitConfig;
}

export function planLimits(
  declared: readonly LimitConfig[],
  actual: readonly GlobalLimit[],
  wasClaimed: WasClaimed,
): PartPlan<LimitOrder> {
  const byName = new Map(actual.map(({ name, limit }) => [name, limit]));
  const claimOf = ({ name, limit }: LimitConfig) => ({ key: `limit ${name} limit`, value: limit });
  const planned = declared.flatMap((limit): Planned<LimitOrder>[] => {
    const from = byName.get(limit.name);
    if (from === limit.limit) return [];
    const claim = claimOf(limit);
    const isNew = from === undefined;
    const step = {
      kind: "limit" as const,
      name: limit.name,
      action: isNew ? ("create" as const) : ("change" as const),
      fields: [{ field: "limit", from, to: limit.limit }],
      why: undefined,
      isDrift: !isNew && wasClaimed(claim),
    };
    const order = { kind: isNew ? ("create-limit" as const) : ("update-limit" as const), limit };
    return [{ step, order, claims: [claim] }];
  });
  const claims = declared.filter(({ name, limit }) => byName.get(name) === limit).map(claimOf);
  return { planned, claims, left: [], difficulties: [] };
}

export const performLimitOrder = (
  api: Pick<DeclaredApi, "createLimit" | "updateLimit">,
  { kind, limit: { name, limit } }: LimitOrder,
  signal: AbortSignal,
): Promise<Answer<unknown>> =>
  kind === "create-limit"
    ? api.createLimit({ name, limit }, signal)
    : api.updateLimit(name, limit, signal);
