/** `resume POOL…`: ends a drain. */
import type { PoolStatus } from "../control/status.ts";
import { complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import { orderPools } from "./order-pools.ts";
import { oneLine } from "./text-width.ts";

export interface ResumeOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export async function resumePools(
  context: Context,
  patterns: readonly string[],
  { config, json }: ResumeOptions,
): Promise<number> {
  const ordered = await orderPools(context, {
    verb: "resume",
    patterns,
    config,
    send: (client, pools, signal) => client.resume(pools, signal),
  });
  if (ordered.kind === "none") return ordered.exitStatus;
  const { client, pools } = ordered;
  const status = await client.status(new AbortController().signal);
  if (status.kind !== "answered") return complainOf(context, status);
  const resumed = status.value.pools.filter(({ name }) => pools.includes(name));
  if (json) {
    const told = resumed.map(({ name, intake, why }) => ({ pool: name, intake, why }));
    await context.out.write(asJson({ verb: "resume", pools: told }));
  } else await context.out.write(resumed.map((pool) => sentence(context, pool)).join(""));
  return exitStatus.done;
}

function sentence({ out }: Context, { name, intake, why }: PoolStatus): string {
  if (intake === "open") return `${name} takes ${out.paint("good", "new flow runs")}\n`;
  const reason = why === null ? "" : `: ${oneLine(why)}`;
  return `${name} is not drained any more, but it is still ${out.paint("wait", intake)}${reason}\n`;
}
