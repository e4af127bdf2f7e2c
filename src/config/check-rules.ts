/** What the keys of checks must be to each other, and whether pools require checks that there are. */
import { parseDuration } from "./duration.ts";
import type { Fault } from "./fault.ts";
import { homeCheck } from "./home-check.ts";
import { type KeyPath, valueAt } from "./key-path.ts";
import { didYouMean } from "./nearest.ts";
import { checkTargets } from "./schema-check.ts";
import { parseSize } from "./size.ts";
import type { Sources } from "./sources.ts";
import { textOf } from "./unit-order.ts";

export function checkFaults(sources: Sources): readonly Fault[] {
  const indexes = indexesAt(sources, ["checks"]);
  return [
    ...indexes.flatMap((index) => [...ownKeyFaults(sources, index), ...order(sources, index)]),
    ...requirementFaults(sources),
  ];
}

const indexesAt = ({ tree }: Sources, path: KeyPath): readonly number[] => {
  const list = valueAt(tree, path);
  return Array.isArray(list) ? [...list.keys()] : [];
};

const ownKeys = {
  max_age: ["file"],
  min: ["free_space"],
  warn: ["certificate", "free_space"],
  fail: ["certificate"],
} as const satisfies Record<string, readonly (typeof checkTargets)[number][]>;

function* ownKeyFaults(sources: Sources, index: number): Generator<Fault> {
  const here = ["checks", index];
  const [target, ...more] = checkTargets.filter(
    (key) => valueAt(sources.tree, [...here, key]) !== undefined,
  );
  // That there is exactly one is another rule.
  if (target === undefined || more.length > 0) return;
  for (const [key, targets] of Object.entries(ownKeys)) {
    const path = [...here, key];
    if (valueAt(sources.tree, path) === undefined || includes(targets, target)) continue;
    const message = `says nothing about ${target}: it belongs to ${targets.join(" and ")}`;
    yield { ...sources.locate(path), message, cure: "take it out" };
  }
  yield* warnKind(sources, [...here, "warn"], target);
}

const includes = (list: readonly string[], one: string): boolean => list.includes(one);

function* warnKind(sources: Sources, path: KeyPath, target: string): Generator<Fault> {
  const warn = textOf(sources, path);
  if (warn === undefined) return;
  const isSpan = parseDuration(warn) !== undefined;
  const isSize = parseSize(warn) !== undefined;
  if (target === "certificate" && isSize) {
    yield { ...sources.locate(path), message: `is "${warn}"`, expected: "a duration such as 2d" };
  }
  if (target === "free_space" && isSpan) {
    yield { ...sources.locate(path), message: `is "${warn}"`, expected: "a size such as 5GB" };
  }
}

/** A warning that comes after the failure would never be seen. */
function* order(sources: Sources, index: number): Generator<Fault> {
  const limits = [
    ["fail", "certificate", parseDuration, "1h"],
    ["min", "free_space", parseSize, "1GB"],
  ] as const;
  const path = ["checks", index, "warn"];
  const warn = textOf(sources, path);
  if (warn === undefined) return;
  for (const [key, target, parse, otherwise] of limits) {
    if (valueAt(sources.tree, ["checks", index, target]) === undefined) continue;
    const limit = textOf(sources, ["checks", index, key]) ?? otherwise;
    const [first, last] = [parse(warn), parse(limit)];
    if (first === undefined || last === undefined || first >= last) continue;
    const message = `comes after the failure: warn is ${warn}, ${key} is ${limit}`;
    yield { ...sources.locate(path), message, cure: `make warn larger than ${key}` };
  }
}

function* requirementFaults(sources: Sources): Generator<Fault> {
  const names = new Set([homeCheck]);
  for (const index of indexesAt(sources, ["checks"])) {
    const name = textOf(sources, ["checks", index, "name"]);
    if (name !== undefined) names.add(name);
  }
  for (const pool of indexesAt(sources, ["pools"])) {
    for (const place of indexesAt(sources, ["pools", pool, "requires"])) {
      const path = ["pools", pool, "requires", place];
      const name = textOf(sources, path);
      if (name === undefined || name.trim() === "" || names.has(name)) continue;
      yield {
        ...sources.locate(path),
        message: `is "${name}", which is no check`,
        cure: didYouMean(name, names) ?? `checks are ${[...names].join(", ")}`,
      };
    }
  }
}
