/** Whether the units that services wait for exist, and whether the waiting can end. */
import type { Fault } from "./fault.ts";
import { type KeyPath, valueAt } from "./key-path.ts";
import { didYouMean } from "./nearest.ts";
import type { Sources } from "./sources.ts";

export function orderFaults(sources: Sources): readonly Fault[] {
  const units = unitNames(sources);
  const edges = waitsOf(sources);
  const unknown = edges.filter(({ target }) => !units.has(target));
  return [
    ...unknown.map(({ path, target }) => ({
      ...sources.locate(path),
      message: `is "${target}", which is no unit`,
      cure: unitCure(target, units),
    })),
    ...cycles(sources, edges),
  ];
}

export function textOf({ tree }: Pick<Sources, "tree">, path: KeyPath): string | undefined {
  const value = valueAt(tree, path);
  return typeof value === "string" ? value : undefined;
}

const listAt = ({ tree }: Sources, path: KeyPath): readonly unknown[] => {
  const value = valueAt(tree, path);
  return Array.isArray(value) ? value : [];
};

function unitNames(sources: Sources): ReadonlySet<string> {
  const units = new Set<string>();
  if (valueAt(sources.tree, ["server", "enabled"]) !== false) units.add("server");
  for (const index of listAt(sources, ["pools"]).keys()) {
    const name = textOf(sources, ["pools", index, "name"]);
    if (name === undefined) continue;
    units.add(`worker@${name}`);
    const workers = valueAt(sources.tree, ["pools", index, "workers"]);
    const last = typeof workers === "number" ? Math.min(workers, 1000) : 1;
    for (let number = 2; number <= last; number += 1) units.add(`worker@${name}:${number}`);
  }
  for (const index of listAt(sources, ["services"]).keys()) {
    const name = textOf(sources, ["services", index, "name"]);
    if (name !== undefined) units.add(`service@${name}`);
  }
  return units;
}

interface Wait {
  readonly path: KeyPath;
  readonly unit: string;
  readonly target: string;
}

function waitsOf(sources: Sources): readonly Wait[] {
  return [...listAt(sources, ["services"]).keys()].flatMap((index) => {
    const unit = `service@${textOf(sources, ["services", index, "name"]) ?? index}`;
    return [...listAt(sources, ["services", index, "after"]).keys()].flatMap((place) => {
      const path = ["services", index, "after", place];
      const target = textOf(sources, path);
      // Blank ones are faults in themselves.
      return target === undefined || target.trim() === "" ? [] : [{ path, unit, target }];
    });
  });
}

function unitCure(target: string, units: ReadonlySet<string>): string {
  const whole = [`service@${target}`, `worker@${target}`].find((unit) => units.has(unit));
  if (whole !== undefined) return `did you mean ${whole}?`;
  const listed = [...units].slice(0, 8).join(", ");
  return didYouMean(target, units) ?? `units are ${listed}${units.size > 8 ? ", …" : ""}`;
}

function* cycles(sources: Sources, edges: readonly Wait[]): Generator<Fault> {
  const waits = Map.groupBy(edges, (edge) => edge.unit);
  const waiters = Map.groupBy(edges, (edge) => edge.target);
  const nextOf = (unit: string): Wait | undefined =>
    waits.get(unit)?.find(({ target }) => waits.has(target));
  const waitersOf = (unit: string): readonly string[] =>
    (waiters.get(unit) ?? []).map((wait) => wait.unit);

  // What waits for nothing that waits is taken away, again and again: what is left goes round.
  let suspects = [...waits.keys()];
  for (;;) {
    for (let unit = suspects.pop(); unit !== undefined; unit = suspects.pop()) {
      if (!waits.has(unit) || nextOf(unit) !== undefined) continue;
      waits.delete(unit);
      suspects.push(...waitersOf(unit));
    }
    const [start] = waits.keys();
    if (start === undefined) return;
    const round = roundFrom(start, nextOf);
    yield { ...sources.locate(round.path), ...describeRound(round.units) };
    // The start as well, though it may only lead there: each turn takes something away.
    const gone = [start, ...round.units];
    for (const unit of gone) waits.delete(unit);
    suspects = gone.flatMap(waitersOf);
  }
}

interface Round {
  readonly path: KeyPath;
  readonly units: readonly string[];
}

/** Goes on from unit to unit until one comes up again. Everyone has a next one here. */
function roundFrom(start: string, nextOf: (unit: string) => Wait | undefined): Round {
  const seen = new Map<string, Wait>();
  let unit = start;
  for (let wait = nextOf(unit); wait !== undefined && !seen.has(unit); wait = nextOf(unit)) {
    seen.set(unit, wait);
    unit = wait.target;
  }
  const units = [...seen.keys()];
  return { path: seen.get(unit)?.path ?? [], units: units.slice(units.indexOf(unit)) };
}

const describeRound = (units: readonly string[]): Pick<Fault, "message" | "cure"> => ({
  message: `makes ${units[0]} wait for itself: ${[...units, units[0]].join(" → ")}`,
  cure: "take one of them out of after",
});
