/** `status [UNIT…] [--watch]`. */
import type { Status } from "../control/status.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { pickUnits, render } from "./status-view.ts";

export interface StatusOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

export async function showStatus(
  context: Context,
  patterns: readonly string[],
  options: StatusOptions,
): Promise<number> {
  const client = await daemonClient(context, options.config);
  if (client === undefined) return exitStatus.unreachable;
  if (options.watch) {
    const { watchStatus } = await import("./status-watch.ts");
    return watchStatus(context, client, patterns, options.json ?? false);
  }
  const answer = await client.status(new AbortController().signal);
  const shown = await pickUnits(context, answer, patterns);
  if (shown.kind === "none") return shown.exitStatus;
  const { status } = shown;
  await context.out.write(
    options.json ? `${JSON.stringify(status, null, 2)}\n` : render(context, status, patterns),
  );
  return isHealthy(status, patterns) ? exitStatus.done : exitStatus.notAsAsked;
}

/** Of the whole; of the units that are asked for, if some are. A unit that nobody wants is well. */
function isHealthy(status: Status, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return status.ready && status.problems.length === 0;
  return status.units.every(({ desired, ready }) => desired === "down" || ready);
}
