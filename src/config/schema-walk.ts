/** Reads the schema as data: what lies under a path, what a value is called, which keys there are. */
import * as z from "zod";
import { isTree, type KeyPath } from "./key-path.ts";
import { type Kind, kinds } from "./leaf.ts";

export type Schema = z.core.$ZodType;

/** Without the wrappers that make a value optional or give its default. */
function unwrap(schema: Schema): Schema {
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapper ? unwrap(schema.def.innerType) : schema;
}

export const kindOf = (schema: Schema): Kind | undefined => kinds.get(unwrap(schema))?.kind;

/** The keys of a map that has fixed ones; undefined for everything else. */
export function keysOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

export function itemOf(schema: Schema): Schema | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodArray ? inner.element : undefined;
}

export function childOf(schema: Schema, step: string | number): Schema | undefined {
  const keys = keysOf(schema);
  if (keys !== undefined) return Object.hasOwn(keys, step) ? keys[step] : undefined;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodRecord) return inner.valueType;
  return itemOf(schema);
}

export function schemaAt(root: Schema, path: KeyPath): Schema | undefined {
  let here: Schema | undefined = root;
  for (const step of path) here = here && childOf(here, step);
  return here;
}

export type Type = "keys" | "list" | "variables" | "boolean" | "number" | "choice" | "text";

export function typeOf(schema: Schema): Type {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return "keys";
  if (inner instanceof z.ZodArray) return "list";
  if (inner instanceof z.ZodRecord) return "variables";
  if (inner instanceof z.ZodBoolean) return "boolean";
  if (inner instanceof z.ZodNumber) return "number";
  return inner instanceof z.ZodEnum ? "choice" : "text";
}

/** A value that one environment variable can hold. */
const isScalar = (schema: Schema): boolean =>
  !["keys", "list", "variables"].includes(typeOf(schema));

/** The words that a choice is made of. */
export function choicesOf(schema: Schema): readonly string[] {
  const inner = unwrap(schema);
  return inner instanceof z.ZodEnum ? inner.options.map(String) : [];
}

/** Of a map all of whose keys take the same choice: one of its words in place of the map is meant for all. */
export function commonChoices(schema: Schema): readonly string[] {
  const [first = [], ...others] = Object.values(keysOf(schema) ?? {}).map(choicesOf);
  return others.every((other) => other.join() === first.join()) ? first : [];
}

/** What is expected, as it reads after "expected". */
export function typeText(schema: Schema): string {
  const inner = unwrap(schema);
  const title = z.globalRegistry.get(inner)?.title;
  if (title !== undefined) return title;
  if (inner instanceof z.ZodNumber) return numberText(inner.minValue, inner.maxValue);
  const common = commonChoices(inner);
  if (common.length > 0) return `${common.join(" or ")} for all, or a map of keys`;
  const texts = {
    keys: "a map of keys",
    list: "a list",
    variables: "a map of variables to text",
    boolean: "true or false",
    number: "a number",
    choice: `one of ${choicesOf(inner).join(", ")}`,
    text: "text",
  } as const satisfies Record<Type, string>;
  return texts[typeOf(inner)];
}

function numberText(min: number | null, max: number | null): string {
  if (max !== null && max < Number.MAX_SAFE_INTEGER) return `a whole number from ${min} to ${max}`;
  return `a whole number, at least ${min}`;
}

export interface ScalarKey {
  readonly path: readonly string[];
  readonly schema: Schema;
  /** `SAILS_SERVER_PORT` for `server.port`. */
  readonly variable: string;
}

/** The keys outside of lists: those that an environment variable can set. */
export function scalarKeys(schema: Schema, path: readonly string[] = []): readonly ScalarKey[] {
  return Object.entries(keysOf(schema) ?? {}).flatMap(([key, child]) => {
    const here = [...path, key];
    if (!isScalar(child)) return scalarKeys(child, here);
    return [{ path: here, schema: child, variable: `SAILS_${here.join("_").toUpperCase()}` }];
  });
}

/**
 * Rebuilds a tree, with each value that has a kind changed by `change`, and a word that is meant for
 * all keys of a map written out; a key with nothing behind it is left out. What does not fit the schema stays as it is, for the validation to name.
 */
export function mapKinds(
  schema: Schema,
  value: unknown,
  change: (kind: Kind, value: unknown) => unknown,
): unknown {
  const kind = kindOf(schema);
  if (kind !== undefined) return change(kind, value);
  const item = itemOf(schema);
  if (item !== undefined && Array.isArray(value)) {
    return value.map((element) => mapKinds(item, element, change));
  }
  const keys = keysOf(schema);
  if (keys === undefined) return value;
  if (typeof value === "string" && commonChoices(schema).includes(value)) {
    return Object.fromEntries(Object.keys(keys).map((key) => [key, value]));
  }
  if (!isTree(value)) return value;
  const entries = Object.entries(value).filter(
    ([key, below]) => below !== null || !Object.hasOwn(keys, key),
  );
  return Object.fromEntries(
    entries.map(([key, below]) => {
      const child = childOf(schema, key);
      return [key, child === undefined ? below : mapKinds(child, below, change)];
    }),
  );
}
