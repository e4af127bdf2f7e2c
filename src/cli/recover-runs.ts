/** `runs recover`: settles what has no process any more, now. */
import type { RecoverResult, SettledRun } from "../control/control-plane.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import type { RunsOptions } from "./runs.ts";
import { nameOf } from "./runs-text.ts";
import { oneLine } from "./text-width.ts";

export async function recoverRuns(
  context: Context,
  { config, json }: RunsOptions,
): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.recoverRuns(new AbortController().signal);
  if (answer.kind !== "answered") return complainOf(context, answer);
  const result = answer.value;
  if (json) await context.out.write(asJson(result));
  else await tell(context, result);
  return result.kind === "done" ? exitStatus.done : exitStatus.failed;
}

async function tell(context: Context, result: RecoverResult): Promise<void> {
  if (result.kind === "failed") {
    const cure = "run it again when that is mended; the daemon goes on trying by itself";
    return complain(context, `the sweep was not finished: ${oneLine(result.why)}`, cure);
  }
  const lines = result.settled.map(sentence);
  const said = lines.length === 0 ? ["no flow run had to be settled"] : lines;
  await context.out.write(said.map((line) => `${line}\n`).join(""));
}

const sentence = ({ run, name, pool, action, why }: SettledRun): string =>
  `${nameOf({ id: run, name })} of ${oneLine(pool)} ${outcomes[action]}: ${oneLine(why)}`;

const outcomes = {
  crashed: "is now Crashed",
  rescheduled: "is scheduled again",
  cancelled: "is now Cancelled",
} as const satisfies Record<SettledRun["action"], string>;
