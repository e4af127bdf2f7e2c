/** The pools of a chaos run, and how many runs each should have at a time. */
import type { DeploymentPlan, PoolPlan } from "./place.ts";

export interface Share extends PoolPlan {
  /** Alive and waiting. */
  readonly wanted: number;
}

const narrow = 2;
const limited = 8;

/**
 * So many flows are alive at a time where they start as fast as they end. Not one more: with a
 * hundred open requests and websockets a server on SQLite answers nobody any more, and that is what
 * 22 runs with their three workers have, four each.
 */
export const shares = (flows: number): readonly Share[] => [
  { name: "chaos-narrow", limit: narrow, wanted: narrow + 1 },
  { name: "chaos-limited", limit: limited, wanted: limited + 2 },
  { name: "chaos-open", limit: null, wanted: Math.max(2, flows - narrow - limited) },
];

export const deployments: readonly DeploymentPlan[] = shares(0).map(({ name }) => ({
  flow: "steady",
  pool: name,
}));
