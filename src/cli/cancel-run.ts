/** `runs cancel RUN`. */
import type { CancelResult, NamedRun } from "../control/control-plane.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import type { RunsOptions } from "./runs.ts";
import { nameOf } from "./runs-text.ts";
import { oneLine } from "./text-width.ts";

export async function cancelRun(
  context: Context,
  run: string,
  { config, json }: RunsOptions,
): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.cancelRun(run, new AbortController().signal);
  if (answer.kind !== "answered") return complainOf(context, answer);
  const result = answer.value;
  if (json) await context.out.write(asJson({ ...result, run }));
  else await tell(context, run, result);
  return statusOf[result.kind];
}

const statusOf = {
  done: exitStatus.done,
  "unknown-run": exitStatus.usage,
  ambiguous: exitStatus.usage,
  failed: exitStatus.failed,
} as const satisfies Record<CancelResult["kind"], number>;

function tell(context: Context, run: string, result: CancelResult): Promise<void> {
  switch (result.kind) {
    case "done":
      return context.out.write(
        `Prefect has been asked to cancel ${run}; \`sails-supervisor runs\` shows it until its process has ended\n`,
      );
    case "unknown-run":
      return complain(
        context,
        `no flow run here has the id or the name ${run}`,
        "`sails-supervisor runs` shows those that have a process here",
      );
    case "ambiguous":
      return complain(
        context,
        `${run} may be any of these, and none was cancelled:${result.runs.map(lineOf).join("")}`,
        "say which by its id, or by enough of its beginning",
      );
    case "failed":
      return complain(
        context,
        `${run} was not cancelled: ${oneLine(result.why)}`,
        "cancel it again; it does no harm to one that is being cancelled",
      );
    default:
      return result satisfies never;
  }
}

const lineOf = (run: NamedRun): string =>
  `\n  ${run.id}  ${nameOf(run)}, pool ${oneLine(run.pool)}`;
