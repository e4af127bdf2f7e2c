/** `runs`: the flow runs that have a process on this host. */

import { complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import { runsText } from "./runs-text.ts";

export interface RunsOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export async function showRuns(context: Context, { config, json }: RunsOptions): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.runs(new AbortController().signal);
  if (answer.kind !== "answered") return complainOf(context, answer);
  const { out } = context;
  const look = { columns: out.columns(), paint: out.paint, now: new Date() };
  await out.write(json ? asJson(answer.value) : runsText(answer.value.runs, look));
  return exitStatus.done;
}
