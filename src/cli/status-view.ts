/** What `status` shows, once or again and again. */
import type { Answer } from "../control/client.ts";
import type { Status } from "../control/status.ts";
import { complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { selectNames } from "./select-names.ts";
import { statusText } from "./status-text.ts";
import { complainOfUnknown } from "./unknown-name.ts";

export type Picked =
  | { readonly kind: "picked"; readonly status: Status }
  /** Why has been said. */
  | { readonly kind: "none"; readonly exitStatus: number };

/** The status with those units only that are asked for. */
export async function pickUnits(
  context: Context,
  answer: Answer<Status>,
  patterns: readonly string[],
): Promise<Picked> {
  if (answer.kind !== "answered")
    return { kind: "none", exitStatus: await complainOf(context, answer) };
  const status = answer.value;
  if (patterns.length === 0) return { kind: "picked", status };
  const known = status.units.map(({ name }) => name);
  const selection = selectNames(patterns, known);
  if (selection.kind === "unknown")
    return { kind: "none", exitStatus: await complainOfUnknown(context, "unit", selection, known) };
  const names = new Set(selection.names);
  const units = status.units.filter(({ name }) => names.has(name));
  return { kind: "picked", status: { ...status, units } };
}

export function render({ out }: Context, status: Status, patterns: readonly string[]): string {
  const look = { columns: out.columns(), paint: out.paint, now: new Date() };
  return statusText(status, look, patterns.length === 0 ? "whole" : "units");
}
