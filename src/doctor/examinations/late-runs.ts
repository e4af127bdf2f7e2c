/** Runs that should have begun long ago. */
import { formatSpan, ms } from "../../supervision/time.ts";
import { type Examination, knownOf } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { LateRun, WorkPool } from "../ports.ts";

export const lateRuns: Examination = {
  name: "late-runs",
  finds: "flow runs are late by more than ten minutes",
  examine: async ({ prefect, now }) =>
    judgeLateRuns(
      knownOf(await prefect?.lateRuns()) ?? [],
      knownOf(await prefect?.pools()) ?? [],
      now,
    ),
};

/** Prefect calls a run late after fifteen seconds: that is no fault yet. */
const patienceMs = 10 * 60_000;

export function judgeLateRuns(
  runs: readonly LateRun[],
  pools: readonly Pick<WorkPool, "name" | "is_paused" | "concurrency_limit">[],
  now: Date,
): readonly Finding[] {
  const late = runs.flatMap(({ work_pool_name: pool, expected_start_time: due }) => {
    const age = due ? now.getTime() - Date.parse(due) : 0;
    return age > patienceMs ? [{ pool: pool ?? "", age }] : [];
  });
  return [...Map.groupBy(late, ({ pool }) => pool)].map(([name, group]) => {
    const oldest = formatSpan(ms(Math.max(...group.map(({ age }) => age))));
    const of = name === "" ? "of no pool" : `of the pool ${name}`;
    const isOne = group.length === 1;
    return {
      id: `late-runs:${name}`,
      severity: "warning",
      what: `${group.length} flow ${isOne ? "run" : "runs"} ${of} should have begun already, the first ${oldest} ago`,
      ...adviceFor(
        name,
        pools.find((pool) => pool.name === name),
      ),
    };
  });
}

function adviceFor(
  name: string,
  pool: Pick<WorkPool, "is_paused" | "concurrency_limit"> | undefined,
): Pick<Finding, "why" | "cure"> {
  if (pool === undefined) {
    return {
      why: "no worker looks for them",
      cure: "give their deployment a pool, or cancel them: `prefect flow-run ls --state LATE` lists them",
    };
  }
  if (pool.is_paused) {
    return {
      why: "the pool is paused, and all of them begin at once when it is resumed",
      cure: `\`sails-supervisor status\` says who paused it; \`prefect work-pool resume '${name}'\` opens it, unless a check holds it closed`,
    };
  }
  const { concurrency_limit: limit } = pool;
  return {
    why:
      limit === null
        ? "the pool is open and without a limit, so its worker does not take them"
        : `the pool takes ${limit} at a time: more come than it can do, or runs that are dead hold its slots`,
    cure: `\`sails-supervisor runs\` shows what runs; \`sails-supervisor runs recover\` settles what is dead; \`sails-supervisor restart 'worker@${name}'\` touches no run`,
  };
}
