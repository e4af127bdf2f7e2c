/** `reload`. */
import type { ReloadResult } from "../control/control-plane.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";

export interface ReloadOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export async function reload(context: Context, { config, json }: ReloadOptions): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.reload(new AbortController().signal);
  if (answer.kind !== "answered") return complainOf(context, answer);
  const result = answer.value;
  if (json) await context.out.write(asJson(result));
  else await tell(context, result);
  return result.kind === "reloaded" ? exitStatus.done : exitStatus.failed;
}

async function tell(context: Context, result: ReloadResult): Promise<void> {
  if (result.kind === "faulty") {
    const faults = result.faults.map((fault) => `\n${fault}`).join("");
    const cure = "correct the file and reload again";
    await complain(context, `the configuration of before is still in force:${faults}`, cure);
    return;
  }
  const { added, changed, removed, warnings } = result;
  const lines = [
    ...added.map((unit) => `added ${unit}`),
    ...changed.map((unit) => `changed ${unit}: it is restarted`),
    ...removed.map((unit) => `removed ${unit}: it is stopped`),
  ];
  const said = lines.length === 0 ? ["reloaded: no unit has changed"] : lines;
  await context.out.write(said.map((line) => `${line}\n`).join(""));
  for (const warning of warnings) {
    await context.err.write(`${context.err.paint("wait", "warning:")} ${warning}\n`);
  }
}
