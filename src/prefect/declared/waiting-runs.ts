/** Flow runs that nobody will ever begin: their pool has no worker, or they have no pool. */
import type { PoolConfig } from "../../config/config.ts";
import type { WorkPool } from "../api/client.ts";
import type { LateRun } from "../api/declared.ts";
import type { Difficulty } from "./steps.ts";

/**
 * @param late the oldest first
 * @param declared pools whose workers the units tell of
 */
export function waitingRuns(
  late: readonly LateRun[],
  pools: readonly WorkPool[],
  declared: readonly PoolConfig[],
): readonly Difficulty[] {
  const ours = new Set(declared.map(({ name }) => name));
  const served = new Set(pools.filter(({ status }) => status === "READY").map(({ name }) => name));
  const paused = new Set(pools.filter((pool) => pool.is_paused).map(({ name }) => name));
  const byPool = Map.groupBy(late, ({ work_pool_name: pool }) => pool ?? undefined);
  return [...byPool].flatMap(([pool, runs]) => {
    const since = runs[0]?.expected_start_time ?? undefined;
    const many = runs.length === 1 ? "1 flow run waits" : `${runs.length} flow runs wait`;
    const first = since === undefined ? "" : `, the first of them since ${since.slice(0, 16)}Z`;
    if (pool === undefined) {
      const what = `${many} for a process that serves its deployment, which names no pool${first}`;
      const cure = "Name a pool in the deployment's work_pool, or cancel these runs";
      return [{ id: "waiting", what, cure }];
    }
    if (ours.has(pool) || served.has(pool) || paused.has(pool)) return [];
    const what = `${many} in pool ${pool}, which no worker serves${first}`;
    const cure = `Add ${pool} to pools: in the configuration, or cancel these runs`;
    return [{ id: `waiting ${pool}`, what, cure }];
  });
}
