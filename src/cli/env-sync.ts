/** `env sync`: builds what the lock says, and shows how far it is. */
import type { ControlClient } from "../control/client.ts";
import { complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import type { EnvOptions } from "./env.ts";
import { tellEnvironment } from "./env-rollback.ts";
import { exitStatus } from "./exit-status.ts";
import { LiveBlock } from "./live-block.ts";
import { spanSince } from "./look.ts";

export interface SyncOptions extends EnvOptions {
  readonly wait: boolean;
}

const lookEveryMs = 1_000;
/** For the daemon to take the order. */
const orderMs = 2_000;

export async function syncEnvironment(context: Context, options: SyncOptions): Promise<number> {
  const client = await daemonClient(context, options.config);
  if (client === undefined) return exitStatus.unreachable;
  if (!options.wait) return orderOnly(context, client, options);
  const interrupted = context.interrupted();
  const over = new AbortController();
  const { out, err } = context;
  const block = out.isTerminal && options.json !== true ? new LiveBlock(out) : undefined;
  const showing = block === undefined ? undefined : showProgress(client, block, over.signal);
  const answer = await client.syncEnvironment(interrupted);
  over.abort();
  await showing;
  await block?.clear();
  if (interrupted.aborted) {
    await err.write("It goes on without this command; `sails-supervisor env` tells how it ends.\n");
    return exitStatus.failed;
  }
  if (answer.kind !== "answered") return complainOf(context, answer);
  return tellEnvironment(context, answer.value, options);
}

/** What was ordered goes on when nobody waits for the answer any more. */
async function orderOnly(
  context: Context,
  client: ControlClient,
  options: SyncOptions,
): Promise<number> {
  const patience = AbortSignal.timeout(orderMs);
  const answer = await client.syncEnvironment(patience);
  if (!patience.aborted && answer.kind !== "answered") return complainOf(context, answer);
  if (answer.kind === "answered") return tellEnvironment(context, answer.value, options);
  await context.out.write("it is being looked at; `sails-supervisor env` tells how it ends\n");
  return exitStatus.done;
}

async function showProgress(
  client: ControlClient,
  block: LiveBlock,
  signal: AbortSignal,
): Promise<void> {
  for await (const status of client.statuses(lookEveryMs, signal)) {
    if (signal.aborted || status.kind !== "answered") return;
    const { environment } = status.value;
    if (environment === null) continue;
    const since = spanSince(environment.since, new Date());
    await block.draw([`${environment.reason} (${environment.state} for ${since})`]);
  }
}
