/** `apply`: makes what is declared so, now, and tells of each step. */
import type { ApplyEvent, PlanStep } from "../control/plan.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import { isInOrder, type PlanOptions, tryAgain } from "./plan.ts";
import { planText } from "./plan-text.ts";
import { oneLine } from "./text-width.ts";

type Over = Extract<ApplyEvent, { readonly event: "over" }>["result"];

interface Outcome extends Pick<PlanStep, "kind" | "name" | "action"> {
  readonly done: boolean;
  readonly why: string | null;
}

export async function applyDeclared(
  context: Context,
  { config, json = false }: PlanOptions,
): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const outcomes: Outcome[] = [];
  for await (const answer of client.apply(new AbortController().signal)) {
    if (answer.kind !== "answered") return complainOf(context, answer);
    const event = answer.value;
    if (event.event === "over") return tellEnd(context, event.result, outcomes, json);
    if (!json) await tellStep(context, event);
    if (event.event === "started") continue;
    const { kind, name, action } = event.step;
    const why = event.event === "failed" ? event.why : null;
    outcomes.push({ kind, name, action, done: why === null, why });
  }
  return exitStatus.failed;
}

const past = { create: "created", change: "changed", remove: "removed" } as const;

async function tellStep(
  context: Context,
  event: Exclude<ApplyEvent, { readonly event: "over" }>,
): Promise<void> {
  const { out } = context;
  const { kind, name, action } = event.step;
  const what = `${kind} ${oneLine(name)}`;
  if (event.event === "started") {
    if (out.isTerminal) await out.write(out.paint("faint", `${what}: ${action} …\n`));
  } else if (event.event === "done") {
    await out.write(`${what}: ${out.paint("good", past[action])}\n`);
  } else if (event.event === "failed") {
    await complain(context, `${what}: ${oneLine(event.why)}`);
  }
}

async function tellEnd(
  context: Context,
  result: Over,
  steps: readonly Outcome[],
  json: boolean,
): Promise<number> {
  const { out } = context;
  if (json) await out.write(asJson({ steps, result }));
  if (result.kind === "failed") {
    if (!json) await complain(context, `not all was done: ${result.why}`, tryAgain);
    return exitStatus.failed;
  }
  const { rest } = result;
  if (!json) {
    const look = { columns: out.columns(), paint: out.paint, now: new Date() };
    // What is left alone, the plan has said.
    const text = planText({ ...rest, left: [] }, look);
    const gap = steps.length > 0 ? "\n" : "";
    await out.write(gap + text);
  }
  if (steps.some(({ done }) => !done)) return exitStatus.failed;
  return isInOrder(rest) ? exitStatus.done : exitStatus.notAsAsked;
}
