/** The deployments of a round: what was interrupted, what is due, what goes, and what is there after it. */

import type { WorkPool } from "../api/client.ts";
import type { Deployment } from "../api/declared.ts";
import type { Answer } from "../api/transport.ts";
import type { CommandRequest, RunCommand } from "../ports.ts";
import { type Account, type AccountDeps, type Cut, mayPass } from "./account.ts";
import type { DeclaredFiles } from "./declared-files.ts";
import { type DeployJob, deployAll, noteOf, restore } from "./deploy.ts";
import type { DeploymentOrder, DeploymentPlan } from "./deployments.ts";
import type { Ledger } from "./ledger.ts";
import {
  failureOf,
  keyOf,
  madeFrom,
  notMade,
  type PlanDeps,
  planDeclaredDeployments,
} from "./plan.ts";
import { adoptedSchedules } from "./put-back.ts";
import type { Planned, Step } from "./steps.ts";

export interface DeploymentsDeps extends Omit<PlanDeps, "profileStep">, AccountDeps {
  readonly config: PlanDeps["config"];
  readonly ledger: Ledger;
  /** Ids of deployments that the last round found gone from their file: by itself, only these go. */
  readonly goneBefore: Set<string>;
  readonly run: RunCommand;
  readonly program: string;
  readonly env: CommandRequest["env"];
}

/** What is there after it; not `ok` where the round cannot go on. */
export async function convergeDeployments(
  files: DeclaredFiles,
  pools: readonly WorkPool[],
  deps: DeploymentsDeps,
  account: Account,
): Promise<Answer<readonly Deployment[]>> {
  const { api, config, ledger, signal } = deps;
  for (const id of Object.keys(ledger.interrupted)) {
    const restored = await restore(id, deps);
    if (restored.kind !== "ok" && mayPass(restored)) return restored;
  }
  const before = await api.deployments(signal);
  if (before.kind !== "ok") return before;
  ledger.forgetOthers(new Set(before.value.map(({ id }) => id)));
  const plan = planDeclaredDeployments(config, files, before.value, pools, ledger);
  account.begin(plan);
  adopt(plan, ledger);
  const due = account.due(plan.planned);
  const cut = (await deploy(due, deps, account)) ?? (await prune(due, deps, account));
  if (cut !== undefined) return { kind: "unreachable", why: cut };
  return due.length === 0 ? before : api.deployments(signal);
}

function adopt({ adopted }: DeploymentPlan, ledger: Ledger): void {
  for (const { entry, actual } of adopted) {
    ledger.record(actual.id, {
      ...noteOf(entry, actual),
      isOurs: false,
      paused: entry.paused,
      schedules: adoptedSchedules(entry, actual),
    });
  }
}

async function deploy(
  due: readonly Planned<DeploymentOrder>[],
  deps: DeploymentsDeps,
  account: Account,
): Promise<Cut> {
  const { observer, failedBefore } = deps;
  const steps = new Map<DeployJob["entry"], Step>();
  const jobs = due.flatMap(({ step, order }): DeployJob[] => {
    if (order.kind !== "deploy") return [];
    // Not worth the seconds of another try yet.
    const before = failureOf(order.entry, failedBefore);
    if (before !== undefined) {
      account.pending(step);
      account.difficulties([before]);
      return [];
    }
    steps.set(order.entry, step);
    observer.started(step);
    return [{ entry: order.entry, actual: order.actual }];
  });
  if (jobs.length === 0) return undefined;
  const outcome = await deployAll(jobs, {
    ...deps,
    told: ({ entry }, failure) => {
      const step = steps.get(entry);
      if (step === undefined) return;
      if (failure === undefined) {
        failedBefore.delete(keyOf(entry));
        observer.done(step);
        return;
      }
      failedBefore.set(keyOf(entry), { made: madeFrom(entry), why: failure });
      account.pending(step);
      account.difficulties([notMade(entry, failure)]);
      observer.failed(step, failure, "command");
    },
  });
  if (outcome.kind === "ok") return undefined;
  if (mayPass(outcome)) return outcome.why;
  const what = `what an operator had set could not be put back: ${outcome.why}`;
  account.difficulties([{ id: "deployments", what }]);
  return undefined;
}

type Removal = Extract<DeploymentOrder, { readonly kind: "delete" }>;

/** A file that is just being written lacks what it will have: what is gone must be so twice. */
function prune(
  due: readonly Planned<DeploymentOrder>[],
  { api, mode, goneBefore, signal }: DeploymentsDeps,
  account: Account,
): Promise<Cut> {
  const removals = due.flatMap(({ order, ...rest }): Planned<Removal>[] =>
    order.kind === "delete" ? [{ ...rest, order }] : [],
  );
  const { sure = [], unsure = [] } = Object.groupBy(removals, ({ order }) =>
    mode === "apply" || goneBefore.has(order.id) ? "sure" : "unsure",
  );
  goneBefore.clear();
  for (const { step, order } of unsure) {
    goneBefore.add(order.id);
    account.pending(step);
  }
  return account.perform(sure, ({ id }) => api.deleteDeployment(id, signal));
}
