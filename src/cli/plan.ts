/** `plan` and `apply`: what differs in Prefect from what is declared; and putting it right, now. */
import type { ApplyResult } from "../control/control-plane.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import { planText } from "./plan-text.ts";
import { oneLine } from "./text-width.ts";

export interface PlanOptions {
  readonly config?: string;
  readonly json?: boolean;
}

const cure = "it is tried again by itself; `sails-supervisor status` says what the server does";

export async function showPlan(context: Context, { config, json }: PlanOptions): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.plan(context.interrupted());
  if (answer.kind !== "answered") return complainOf(context, answer);
  const plan = answer.value;
  if (json === true) await context.out.write(asJson(plan));
  if (plan.kind === "failed") {
    if (json !== true)
      await complain(context, `nothing can be compared: ${oneLine(plan.why)}`, cure);
    return exitStatus.failed;
  }
  const { paint, columns } = context.out;
  const look = { paint, columns: columns(), now: new Date() };
  if (json !== true) await context.out.write(planText(plan.entries, look));
  const differs = plan.entries.some(({ action }) => action !== "leave");
  return differs ? exitStatus.notAsAsked : exitStatus.done;
}

export async function apply(context: Context, { config, json }: PlanOptions): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  if (context.err.isTerminal) await context.err.write("puts right what differs …\n");
  const answer = await client.apply(context.interrupted());
  if (answer.kind !== "answered") return complainOf(context, answer);
  const applied = answer.value;
  if (json === true) await context.out.write(asJson(applied));
  else await tell(context, applied);
  return applied.kind === "done" && applied.problems.length === 0
    ? exitStatus.done
    : exitStatus.failed;
}

async function tell(context: Context, applied: ApplyResult): Promise<void> {
  const steps = applied.steps.map((step) => `${oneLine(step)}\n`).join("");
  if (applied.kind === "failed") {
    await context.out.write(steps);
    await complain(context, `it was not finished: ${oneLine(applied.why)}`, cure);
    return;
  }
  await context.out.write(steps === "" ? "nothing had to be changed\n" : steps);
  for (const problem of applied.problems) await complain(context, oneLine(problem));
}
