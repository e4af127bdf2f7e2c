/** What makes the restart of a worker wait for its flow runs, or cost them. */
import type { Config } from "../../config/config.ts";
import { type Examination, knownOf, listed } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { Deployment } from "../ports.ts";

export const drains: Examination = {
  name: "drains",
  finds:
    "runs of a pool or a deployment are not detached, so that a restart of their worker has to wait for them",
  examine: async ({ prefect, config }) =>
    judgeDrains(config.pools, knownOf(await prefect?.deployments()) ?? []),
};

export function judgeDrains(
  pools: readonly Pick<Config["pools"][number], "name" | "type" | "detached">[],
  deployments: readonly Pick<Deployment, "name" | "flowName" | "poolName" | "command">[],
): readonly Finding[] {
  const why =
    "a restart of the worker waits for these runs (drain_timeout), and a crash of it ends them";
  const processPools = pools.filter(({ type }) => type === "process");
  const attached = processPools.filter(({ detached }) => !detached).map(({ name }) => name);
  const own = deployments.filter(
    ({ command, poolName }) =>
      command !== undefined &&
      processPools.some(({ name, detached }) => name === poolName && detached),
  );
  const found: Finding[] = [];
  if (attached.length > 0) {
    found.push({
      id: "drains:pools",
      severity: "note",
      what: `the flow runs of ${listed(attached)} are not detached from their worker`,
      why,
      cure: "take `detached: false` out of the pool in the configuration, then `sails-supervisor reload`",
    });
  }
  if (own.length > 0) {
    const names = own.map(({ flowName, name }) => `${flowName}/${name}`);
    found.push({
      id: "drains:commands",
      severity: "note",
      what: `${listed(names)} ${own.length === 1 ? "starts its runs" : "start their runs"} by a command of ${own.length === 1 ? "its" : "their"} own (job variable command)`,
      why,
      cure: "take `command` out of the deployment's job_variables and deploy it again, if it is not needed",
    });
  }
  return found;
}
