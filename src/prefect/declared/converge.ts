/**
 * One round towards what is declared: read what is, plan, perform, and say what could not be had.
 * Pools come first, each opening the way for its workers as soon as it is right.
 */
import { Account, type Cut } from "./account.ts";
import { convergeDeployments, type DeploymentsDeps } from "./converge-deployments.ts";
import { convergePools, type PoolsDeps } from "./converge-pools.ts";
import { convergeSchedules } from "./converge-schedules.ts";
import { readDeclaredFiles } from "./declared-files.ts";
import { ownCommands } from "./own-commands.ts";
import { type Plan, seePools } from "./plan.ts";
import { waitingRuns } from "./waiting-runs.ts";

export interface ConvergeDeps extends PoolsDeps, DeploymentsDeps {
  /** Resolves when no worker is about to become ready any more. */
  readonly workersStarted: (signal: AbortSignal) => Promise<void>;
}

export type Round =
  | { readonly kind: "done"; readonly plan: Plan }
  /** The API was away or would not answer: nothing is known, and it is worth another try. */
  | { readonly kind: "cut-short"; readonly why: string };

export async function converge(deps: ConvergeDeps): Promise<Round> {
  const account = new Account(deps);
  const cut = await perform(deps, account);
  return cut === undefined ? { kind: "done", plan: account.plan } : { kind: "cut-short", why: cut };
}

async function perform(deps: ConvergeDeps, account: Account): Promise<Cut> {
  const { api, config, ledger, signal } = deps;
  const seen = await seePools(api, config, signal);
  if (seen.kind !== "ok") return seen.why;
  const { pools } = seen.value;
  const cut = await convergePools(seen.value, deps, account);
  await ledger.save();
  if (cut !== undefined) return cut;

  // Workers first: on one CPU their starts and `prefect deploy` would starve each other and the server.
  await deps.workersStarted(signal);
  const files = await readDeclaredFiles(config, deps.files);
  account.difficulties(files.difficulties);
  const deployed = await convergeDeployments(files, pools, deps, account);
  if (deployed.kind !== "ok") return deployed.why;
  const scheduled = await convergeSchedules(deployed.value, deps, account);
  if (scheduled !== undefined) return scheduled;
  account.difficulties(ownCommands(config, deployed.value));
  const late = await api.lateRuns(signal);
  if (late.kind !== "ok") return late.why;
  account.difficulties(waitingRuns(late.value, pools, config.pools));
  if (deps.mode === "apply" || isInOrder(account.plan)) ledger.trust();
  account.difficulties(ledger.difficulties);
  await ledger.save();
  return undefined;
}

const isInOrder = ({ steps, difficulties }: Plan): boolean =>
  steps.length === 0 && difficulties.length === 0;
