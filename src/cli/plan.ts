/** `plan`: what differs between what is declared and what is. Writes nothing. */
import type { PlanReport } from "../control/plan.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import { planText } from "./plan-text.ts";

export interface PlanOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export async function showPlan(context: Context, { config, json }: PlanOptions): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.plan(new AbortController().signal);
  if (answer.kind !== "answered") return complainOf(context, answer);
  const result = answer.value;
  if (result.kind === "failed") {
    await complain(context, `Prefect cannot be asked: ${result.why}`, tryAgain);
    return exitStatus.failed;
  }
  const { out } = context;
  const look = { columns: out.columns(), paint: out.paint, now: new Date() };
  await out.write(json ? asJson(result) : planText(result, look));
  return isInOrder(result) ? exitStatus.done : exitStatus.notAsAsked;
}

export const tryAgain = "try again when `sails-supervisor status` shows the server as ready";

export const isInOrder = ({ steps, problems }: PlanReport): boolean =>
  steps.length === 0 && problems.length === 0;
