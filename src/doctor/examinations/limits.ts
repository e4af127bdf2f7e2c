/** Limits that are not as declared. */
import type { Config } from "../../config/config.ts";
import { type Examination, knownOf } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { WorkPool } from "../ports.ts";

export const limits: Examination = {
  name: "limits",
  finds: "a limit of a pool, or a global one, differs from the configuration",
  examine: async ({ prefect, config }) =>
    judgeLimits(
      config,
      knownOf(await prefect?.pools()) ?? [],
      config.concurrencyLimits.length === 0 ? [] : (knownOf(await prefect?.limits()) ?? []),
    ),
};

export function judgeLimits(
  { pools, concurrencyLimits }: Pick<Config, "pools" | "concurrencyLimits">,
  actualPools: readonly Pick<WorkPool, "name" | "concurrency_limit">[],
  actualLimits: readonly { readonly name: string; readonly limit: number }[],
): readonly Finding[] {
  const ofPools = pools.flatMap(({ name, concurrencyLimit: wanted }) => {
    const actual = actualPools.find((pool) => pool.name === name);
    if (wanted === undefined || actual === undefined) return [];
    return actual.concurrency_limit === wanted
      ? []
      : [differs(`the pool ${name}`, `pool ${name}`, actual.concurrency_limit, wanted)];
  });
  const ofLimits = concurrencyLimits.flatMap(({ name, limit }) => {
    const actual = actualLimits.find((one) => one.name === name);
    if (actual === undefined || actual.limit === limit) return [];
    return [differs(`the concurrency limit ${name}`, `limit ${name}`, actual.limit, limit)];
  });
  return [...ofPools, ...ofLimits];
}

const differs = (what: string, id: string, actual: number | null, wanted: number): Finding => ({
  id: `limits:${id}`,
  severity: "warning",
  what: `${what} lets ${actual ?? "any number of"} run at once, and the configuration says ${wanted}`,
  why: "more runs at once than was planned can take all memory; fewer leave the machine idle",
  cure: "`sails-supervisor apply` puts it as declared; or write what is meant into the configuration, then `sails-supervisor reload`",
});
