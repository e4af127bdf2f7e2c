/** `start`, `stop` and `restart UNIT…`. */
import type { ControlClient } from "../control/client.ts";
import type { UnitVerb } from "../control/control-plane.ts";
import type { Millis } from "../supervision/time.ts";
import { awaitUnits, type Outcome } from "./await-units.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import { selectNames } from "./select-names.ts";
import { oneLine } from "./text-width.ts";
import { complainOfUnknown } from "./unknown-name.ts";

export interface OrderOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly wait: boolean;
  readonly timeout: Millis;
}

export async function orderUnits(
  context: Context,
  verb: UnitVerb,
  patterns: readonly string[],
  options: OrderOptions,
): Promise<number> {
  const client = await daemonClient(context, options.config);
  if (client === undefined) return exitStatus.unreachable;
  const signal = new AbortController().signal;
  const status = await client.status(signal);
  if (status.kind !== "answered") return complainOf(context, status);
  const known = status.value.units.map(({ name }) => name);
  const selection = selectNames(patterns, known);
  if (selection.kind === "unknown") return complainOfUnknown(context, "unit", selection, known);
  const units = selection.names;
  if (units.length === 0) {
    await complain(context, "no unit is declared", "`sails-supervisor config show` shows what is");
    return exitStatus.usage;
  }
  const ordered = await client.order(verb, units, signal);
  if (ordered.kind !== "answered") return complainOf(context, ordered);
  // A reload between the two questions.
  if (ordered.value.kind === "unknown-unit") {
    const unknown = { name: ordered.value.name, nearest: undefined };
    return complainOfUnknown(context, "unit", unknown, ordered.value.known);
  }
  if (options.wait) return waitFor(context, client, verb, units, options);
  const words = units.map((unit) => `${unit}: ${verb} ordered\n`).join("");
  await context.out.write(options.json ? asJson({ verb, ordered: units }) : words);
  return exitStatus.done;
}

async function waitFor(
  context: Context,
  client: ControlClient,
  verb: UnitVerb,
  units: readonly string[],
  { json, timeout }: OrderOptions,
): Promise<number> {
  const { out } = context;
  const report = async (unit: string, words: string): Promise<void> => {
    if (out.isTerminal && !json)
      await out.write(out.paint("faint", `${unit} ${oneLine(words)}`) + "\n");
  };
  const awaited = await awaitUnits(client, { verb, units, timeout, report });
  if (awaited.kind !== "over") return complainOf(context, awaited);
  const { outcomes } = awaited;
  if (json) await out.write(asJson({ verb, units: outcomes }));
  else await tell(context, verb, outcomes);
  return outcomes.every(({ reached }) => reached) ? exitStatus.done : exitStatus.failed;
}

async function tell(context: Context, verb: UnitVerb, outcomes: readonly Outcome[]): Promise<void> {
  const goal = verb === "stop" ? "stopped" : "ready";
  for (const { unit, reached, reason } of outcomes) {
    await (reached
      ? context.out.write(`${unit} is ${context.out.paint("good", goal)}\n`)
      : complain(context, `${unit} is not ${goal}: ${oneLine(reason ?? "")}`));
  }
}
