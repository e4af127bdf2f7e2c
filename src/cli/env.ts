/** `env`: the Python environments. */
import { complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { environmentsText } from "./env-text.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";

export interface EnvOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** It is not as asked while what is declared is not what is there, unless an operator wanted that. */
export async function showEnvironments(
  context: Context,
  { config, json }: EnvOptions,
): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.environments(new AbortController().signal);
  if (answer.kind !== "answered") return complainOf(context, answer);
  const { out } = context;
  const look = { columns: out.columns(), paint: out.paint, now: new Date() };
  await out.write(json ? asJson(answer.value) : environmentsText(answer.value, look));
  const state = answer.value.environment?.state ?? "as-is";
  const isWell = state === "as-is" || state === "in-step" || state === "held";
  return isWell ? exitStatus.done : exitStatus.notAsAsked;
}
