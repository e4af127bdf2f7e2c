/** Pools that nobody serves: their runs stay Late without a word. */
import { type Examination, knownOf, listed } from "../examination.ts";
import type { Finding } from "../finding.ts";

export const poolsWithoutWorker: Examination = {
  name: "pools-without-worker",
  finds: "a pool has deployments and no worker that is online",
  examine: async ({ prefect, config }) => {
    const [pools, deployments] = [
      knownOf(await prefect?.pools()),
      knownOf(await prefect?.deployments()),
    ];
    if (prefect === undefined || pools === undefined || deployments === undefined) return [];
    const own = new Set(config.pools.map(({ name }) => name));
    const needing = pools
      .filter(({ type }) => needsWorker(type))
      .flatMap(({ name }) => {
        const users = deployments.filter(({ poolName }) => poolName === name);
        const isOwn = own.has(name);
        return isOwn || users.length > 0 ? [{ name, isOwn, users: users.map(nameOf) }] : [];
      });
    const facts = await Promise.all(
      needing.map(async (pool): Promise<PoolFacts | undefined> => {
        const workers = knownOf(await prefect.workers(pool.name));
        return (
          workers && { ...pool, online: workers.filter(({ status }) => status === "ONLINE").length }
        );
      }),
    );
    return judgePools(facts.filter((each) => each !== undefined));
  },
};

const nameOf = ({ flowName, name }: { flowName: string; name: string }) => `${flowName}/${name}`;

/** Push pools and Prefect's own have none. */
const needsWorker = (type: string): boolean => !/:push$|^prefect:managed$/.test(type);

export interface PoolFacts {
  readonly name: string;
  /** Whether the configuration names it. */
  readonly isOwn: boolean;
  readonly users: readonly string[];
  readonly online: number;
}

export const judgePools = (pools: readonly PoolFacts[]): readonly Finding[] =>
  pools
    .filter(({ online }) => online === 0)
    .map(({ name, isOwn, users }) => ({
      id: `pools-without-worker:${name}`,
      severity: "fault",
      what:
        users.length === 0
          ? `no worker of the pool ${name} is online`
          : `no worker of the pool ${name} is online, and ${listed(users)} ${users.length === 1 ? "runs" : "run"} in it`,
      why: "its flow runs stay Late, and nothing else says so",
      cure: isOwn
        ? `\`sails-supervisor status 'worker@${name}'\` says why; \`sails-supervisor start worker@${name}\` starts one that was stopped`
        : `add \`- {name: ${name}}\` to pools: of the configuration, then \`sails-supervisor reload\`; or let the deployments name another pool`,
    }));
