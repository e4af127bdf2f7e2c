/** The schedules of a round, once the deployments that they start are there. */
import type { Config } from "../../config/config.ts";
import type { DeclaredApi, Deployment } from "../api/declared.ts";
import type { Account, Cut } from "./account.ts";
import type { Ledger } from "./ledger.ts";
import { planDeclaredSchedules } from "./plan.ts";
import { performScheduleOrder } from "./schedules.ts";

export interface SchedulesDeps {
  readonly config: Config;
  readonly api: DeclaredApi;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
}

export function convergeSchedules(
  actual: readonly Deployment[],
  { api, config, ledger, signal }: SchedulesDeps,
  account: Account,
): Promise<Cut> {
  const plan = planDeclaredSchedules(config, actual, undefined, ledger);
  account.begin(plan);
  return account.perform(plan.planned, (order) => performScheduleOrder(api, order, signal));
}
