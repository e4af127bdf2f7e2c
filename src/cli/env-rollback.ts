/** `env rollback`: back to the environment of before. */
import type { EnvironmentOrderResult } from "../control/control-plane.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import type { EnvOptions } from "./env.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import { oneLine } from "./text-width.ts";

export async function rollBackEnvironment(context: Context, options: EnvOptions): Promise<number> {
  const client = await daemonClient(context, options.config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.rollBackEnvironment(new AbortController().signal);
  if (answer.kind !== "answered") return complainOf(context, answer);
  return tellEnvironment(context, answer.value, options);
}

export async function tellEnvironment(
  context: Context,
  result: EnvironmentOrderResult,
  { json }: EnvOptions,
): Promise<number> {
  if (json === true) await context.out.write(asJson(result));
  else if (result.kind === "failed") {
    await complain(context, oneLine(result.why), result.cure ?? undefined);
  } else {
    const { path, current, prefect, python, reason, next } = result.environment;
    const what = `${path} is ${current ?? "somebody's own"}: Prefect ${prefect ?? "?"}, Python ${python ?? "?"}`;
    await context.out.write(`${what}\n${reason}\n${next === null ? "" : `next: ${next}\n`}`);
    // A daemon from before there were warnings gives none.
    if (result.warning)
      await context.err.write(
        `${context.err.paint("wait", "warning")}: ${oneLine(result.warning)}\n`,
      );
  }
  return result.kind === "done" ? exitStatus.done : exitStatus.failed;
}
