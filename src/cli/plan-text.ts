/** A plan as text for people: what would be made, changed and removed, and what is left. */
import type { PlanEntry } from "../control/control-plane.ts";
import { beneath, type Lines, type Look } from "./look.ts";
import type { Tone } from "./paint.ts";
import { oneLine } from "./text-width.ts";

export function planText(entries: readonly PlanEntry[], look: Look): string {
  const differing = entries.filter(({ action }) => action !== "leave");
  const left = entries.filter(({ action }) => action === "leave");
  const lines = [
    ...differing.flatMap((entry) => row(entry, look)),
    ...(differing.length > 0 && left.length > 0 ? [""] : []),
    ...left.flatMap((entry) => row(entry, look)),
    ...(entries.length > 0 ? [""] : []),
    summary(entries),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const signs = { create: "+", change: "~", remove: "-", leave: "=" } as const;
const tones = {
  create: "good",
  change: "wait",
  remove: "bad",
  leave: "faint",
} as const satisfies Record<PlanEntry["action"], Tone>;

function row({ action, what, name, field, from, to, why }: PlanEntry, look: Look): Lines {
  const head = look.paint(tones[action], `${signs[action]} ${what} ${oneLine(name)}`);
  const change =
    field === null ? [] : [`${oneLine(field)}: ${oneLine(from ?? "")} → ${oneLine(to ?? "")}`];
  const words = [...change, ...(why === null ? [] : [oneLine(why)])];
  return [head, ...words.flatMap((each) => beneath(each, look))];
}

function summary(entries: readonly PlanEntry[]): string {
  const count = (wanted: PlanEntry["action"]) =>
    entries.filter(({ action }) => action === wanted).length;
  const left = count("leave");
  const also = left === 0 ? "" : `; ${left} left as ${left === 1 ? "it is" : "they are"}`;
  const [create, change, remove] = [count("create"), count("change"), count("remove")];
  if (create + change + remove === 0) return `Nothing differs from what is declared${also}.`;
  return `${create} to create, ${change} to change, ${remove} to remove${also}.`;
}
