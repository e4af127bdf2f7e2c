/** Orders for pools by name or pattern: finds them, orders, and says what is wrong with an order. */
import type { Answer, ControlClient } from "../control/client.ts";
import type { PoolOrderResult } from "../control/control-plane.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { selectNames } from "./select-names.ts";
import { oneLine } from "./text-width.ts";
import { complainOfUnknown } from "./unknown-name.ts";

export type Ordered =
  | {
      readonly kind: "ordered";
      readonly client: ControlClient;
      readonly pools: readonly string[];
    }
  /** Why not has been said. */
  | { readonly kind: "none"; readonly exitStatus: number };

interface PoolOrder {
  readonly verb: "drain" | "resume";
  readonly patterns: readonly string[];
  readonly config: string | undefined;
  readonly send: (
    client: ControlClient,
    pools: readonly string[],
    signal: AbortSignal,
  ) => Promise<Answer<PoolOrderResult>>;
}

export async function orderPools(context: Context, order: PoolOrder): Promise<Ordered> {
  const { verb, patterns, config, send } = order;
  const none = (status: number): Ordered => ({ kind: "none", exitStatus: status });
  const client = await daemonClient(context, config);
  if (client === undefined) return none(exitStatus.unreachable);
  const { signal } = new AbortController();
  const status = await client.status(signal);
  if (status.kind !== "answered") return none(await complainOf(context, status));
  const known = status.value.pools.map(({ name }) => name);
  const selection = selectNames(patterns, known);
  if (selection.kind === "unknown")
    return none(await complainOfUnknown(context, "pool", selection, known));
  const pools = selection.names;
  if (pools.length === 0) {
    await complain(context, "no pool is declared", "`sails-supervisor config show` shows what is");
    return none(exitStatus.usage);
  }
  const answer = await send(client, pools, signal);
  if (answer.kind !== "answered") return none(await complainOf(context, answer));
  const result = answer.value;
  switch (result.kind) {
    case "done":
      return { kind: "ordered", client, pools };
    // A reload between the two questions.
    case "unknown-pool": {
      const unknown = { name: result.name, nearest: undefined };
      return none(await complainOfUnknown(context, "pool", unknown, result.known));
    }
    case "failed": {
      const what = `${pools.join(", ")}: the ${verb} failed: ${oneLine(result.why)}`;
      await complain(context, what, `${verb} again when that is mended`);
      return none(exitStatus.failed);
    }
    default:
      return result satisfies never;
  }
}
