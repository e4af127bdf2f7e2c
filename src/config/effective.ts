/** The settings as a list, for people: each key with its value, secrets hidden, and where it came from. */
import { formatKey, isTree, type KeyPath, valueAt } from "./key-path.ts";
import type { Origin } from "./origin.ts";
import { itemOf, keysOf, kindOf, type Schema } from "./schema-walk.ts";
import { mask, maskUrls, maskVariable } from "./secrets.ts";

export interface Entry {
  readonly key: string;
  /** As a file would say it; undefined where there is none. */
  readonly value: unknown;
  readonly origin: Origin;
}

export function listEntries(
  schema: Schema,
  settings: unknown,
  originOf: (path: KeyPath) => Origin,
  path: KeyPath = [],
): readonly Entry[] {
  const value = valueAt(settings, path);
  const below = (child: Schema, step: string | number): readonly Entry[] =>
    listEntries(child, settings, originOf, [...path, step]);
  const keys = keysOf(schema);
  if (keys !== undefined && isTree(value)) {
    return Object.entries(keys).flatMap(([key, child]) => below(child, key));
  }
  const item = itemOf(schema);
  if (item !== undefined && keysOf(item) !== undefined && isFilledList(value)) {
    return value.flatMap((_, index) => below(item, index));
  }
  if (kindOf(schema) === "variables" && isTree(value) && Object.keys(value).length > 0) {
    return Object.entries(value).map(([name, text]) => {
      const here = [...path, name];
      return {
        key: formatKey(here),
        value: maskVariable(name, String(text)),
        origin: originOf(here),
      };
    });
  }
  const isSecret = kindOf(schema) === "secret" && value !== undefined;
  const shown = isSecret ? mask : masked(value);
  return [{ key: formatKey(path), value: shown, origin: originOf(path) }];
}

const isFilledList = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.length > 0;

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  return typeof value === "string" ? maskUrls(value) : value;
}
