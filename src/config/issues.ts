/** Says in our words what zod found: zod's own know neither the place nor what was meant. */
import type * as z from "zod";
import type { Fault } from "./fault.ts";
import { type KeyPath, valueAt } from "./key-path.ts";
import { ownKeys, url } from "./leaf.ts";
import { didYouMean } from "./nearest.ts";
import { fillInCure, findPlaceholder } from "./placeholder.ts";
import {
  choicesOf,
  commonChoices,
  keysOf,
  kindOf,
  type Schema,
  scalarKeys,
  schemaAt,
  typeOf,
  typeText,
} from "./schema-walk.ts";
import type { Sources } from "./sources.ts";
import { parseBoolean } from "./variables.ts";

type Issue = z.core.$ZodIssue;

export function faultsOf(root: Schema, issue: Issue, sources: Sources): readonly Fault[] {
  const path = issue.path.filter((step) => typeof step !== "symbol");
  const at = sources.locate(path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      ...sources.locate([...path, key]),
      message: "unknown key",
      cure: unknownKeyCure(root, path, key),
    }));
  }
  if (issue.code === "invalid_key") {
    const key = ownKeys.get(String(path.at(-1)));
    const message = issue.issues[0]?.message ?? issue.message;
    return [{ ...at, message, cure: key && `write ${key} instead` }];
  }
  return [{ ...at, ...wrongValue(root, issue, path, valueAt(sources.tree, path)) }];
}

function unknownKeyCure(root: Schema, path: KeyPath, key: string): string {
  const here = Object.keys(keysOf(schemaAt(root, path) ?? root) ?? {});
  const elsewhere = scalarKeys(root).find((scalar) => scalar.path.at(-1) === key);
  return (
    didYouMean(key, here) ??
    (elsewhere && `did you mean ${elsewhere.path.join(".")}?`) ??
    `known here: ${here.join(", ")}`
  );
}

function wrongValue(
  root: Schema,
  issue: Issue,
  path: KeyPath,
  value: unknown,
): Pick<Fault, "message" | "expected" | "cure"> {
  const schema = schemaAt(root, path) ?? root;
  const expected = typeText(schema);
  if (value === undefined) return { message: "is missing", expected };
  const isVariable = kindOf(schemaAt(root, path.slice(0, -1)) ?? root) === "variables";
  const message =
    issue.code === "custom" ? issue.message : `is ${nameOf(schema, value, isVariable)}`;
  return { message, expected, cure: cureOf(schema, value) };
}

/** Text is repeated only where none was expected that could be a secret. */
function nameOf(schema: Schema, value: unknown, isVariable: boolean): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "number") return isVariable ? "a number" : String(value);
  if (typeof value === "boolean") return isVariable ? "true or false" : String(value);
  if (typeof value !== "string") return "a map of keys";
  const isShown =
    ["boolean", "number", "choice"].includes(typeOf(schema)) || commonChoices(schema).length > 0;
  return isShown ? `"${value.slice(0, 60)}"` : "text";
}

function cureOf(schema: Schema, value: unknown): string | undefined {
  const type = typeOf(schema);
  if (type === "text" && value === null) return 'for an empty text write ""';
  if (typeof value === "number" && typeText(schema).startsWith("a duration")) {
    return `write it with its unit, such as ${value}s`;
  }
  if (type === "text" && typeof value !== "string") return "write it in quotes";
  return typeof value === "string" ? textCure(schema, value) : undefined;
}

function textCure(schema: Schema, value: string): string | undefined {
  const type = typeOf(schema);
  switch (type) {
    case "text": {
      const isUrl = typeText(schema) === typeText(url);
      return isUrl && findPlaceholder(value) !== undefined ? fillInCure("URL") : undefined;
    }
    case "number":
      return /^\d+$/.test(value) ? "write it without quotes" : undefined;
    case "boolean": {
      const meant = parseBoolean(value);
      return meant === undefined ? undefined : `write ${meant}`;
    }
    case "list":
      return "write it as a list, such as [ssh, -N, gateway]";
    case "choice":
      return didYouMean(value, choicesOf(schema));
    case "keys":
      return didYouMean(value, commonChoices(schema));
    case "variables":
      return undefined;
    default:
      return type satisfies never;
  }
}
