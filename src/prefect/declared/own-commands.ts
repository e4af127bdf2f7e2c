/** Deployments whose flow runs do not outlive their worker: theirs to choose; but what it costs must be known. */
import type { Config } from "../../config/config.ts";
import type { Deployment } from "../api/declared.ts";
import { isDetached } from "./pools.ts";
import type { Difficulty } from "./steps.ts";

export function ownCommands(
  { pools }: Config,
  deployments: readonly Deployment[],
): readonly Difficulty[] {
  const detached = new Set(pools.filter(isDetached).map(({ name }) => name));
  return deployments.flatMap(({ name, flowName, poolName, command }) => {
    if (command === undefined || poolName === undefined || !detached.has(poolName)) return [];
    const what = `deployment ${flowName}/${name} has a command of its own, so that its flow runs do not outlive their worker: a restart of worker@${poolName} waits for them`;
    const cure = "Take command out of its job_variables, if it is not needed";
    return [{ id: `command ${flowName}/${name}`, what, cure }];
  });
}
