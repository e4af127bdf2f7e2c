/** `drain POOL…`: no new flow runs, and waiting for those that run. */
import type { Millis } from "../supervision/time.ts";
import { awaitDrain, type DrainOutcome } from "./await-drain.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { waitingLines } from "./drain-progress.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import { LiveBlock } from "./live-block.ts";
import { type Ordered, orderPools } from "./order-pools.ts";

export interface DrainOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly wait: boolean;
  readonly timeout?: Millis;
}

export async function drainPools(
  context: Context,
  patterns: readonly string[],
  options: DrainOptions,
): Promise<number> {
  const { config, json, wait, timeout } = options;
  const ordered = await orderPools(context, {
    verb: "drain",
    patterns,
    config,
    send: (client, pools, signal) => client.drain(pools, timeout ?? null, signal),
  });
  if (ordered.kind === "none") return ordered.exitStatus;
  if (wait) return waitFor(context, ordered, options);
  const { pools } = ordered;
  const words = pools.map((pool) => `${pool} takes no new flow runs\n`).join("");
  await context.out.write(json ? asJson({ verb: "drain", ordered: pools }) : words);
  return exitStatus.done;
}

async function waitFor(
  context: Context,
  { client, pools }: Extract<Ordered, { kind: "ordered" }>,
  { json, timeout }: DrainOptions,
): Promise<number> {
  const { out, err } = context;
  const block = out.isTerminal && !json ? new LiveBlock(out) : undefined;
  const end = await awaitDrain(client, {
    pools,
    timeout,
    interrupted: context.interrupted(),
    draw: async (waiting) => block?.draw(waiting.flatMap((one) => waitingLines(one, new Date()))),
  });
  await block?.clear();
  if (end.kind === "unreachable" || end.kind === "refused") return complainOf(context, end);
  const { outcomes } = end;
  if (json) await out.write(asJson({ verb: "drain", pools: outcomes }));
  else for (const outcome of outcomes) await tell(context, outcome, end.kind);
  const left = outcomes.filter(({ reached }) => !reached).map(({ pool }) => pool);
  if (end.kind === "left") {
    await err.write(
      `The drain goes on without this command; \`sails-supervisor resume ${left.join(" ")}\` ends it.\n`,
    );
  }
  return left.length === 0 ? exitStatus.done : exitStatus.failed;
}

async function tell(
  context: Context,
  { pool, reached, reason }: DrainOutcome,
  end: "over" | "left",
): Promise<void> {
  const { out, err } = context;
  if (reached) return out.write(`${pool} is ${out.paint("good", "drained")}\n`);
  if (end === "left") return err.write(`${pool} is not drained yet: ${reason}\n`);
  return complain(
    context,
    `${pool} is not drained: ${reason}`,
    `it stays closed for new flow runs; \`sails-supervisor drain ${pool}\` goes on waiting, \`sails-supervisor resume ${pool}\` opens it`,
  );
}
