/** The layer of `SAILS_*` environment variables. */
import type { Fault } from "./fault.ts";
import { didYouMean } from "./nearest.ts";
import type { ScalarKey, Type } from "./schema-walk.ts";
import type { Assignment } from "./sources.ts";

/** Ours, but no keys: set by the programs that we start, or by our tests. */
const ours = /^SAILS_(CONFIG|INVOCATION_ID|PROJECT|TEST_.*)$/;

export interface Variables {
  readonly assignments: readonly Assignment[];
  readonly warnings: readonly Fault[];
}

export function readVariables(
  env: Readonly<Record<string, string | undefined>>,
  keys: readonly ScalarKey[],
): Variables {
  const known = new Map(keys.map((key) => [key.variable, key]));
  const assignments: Assignment[] = [];
  const warnings: Fault[] = [];
  for (const [name, text] of Object.entries(env)) {
    // An empty variable is how a shell or a unit says "not set".
    if (!name.startsWith("SAILS_") || ours.test(name) || text === undefined || text === "")
      continue;
    const key = known.get(name);
    if (key === undefined) {
      const cure = didYouMean(name, known.keys()) ?? "config reference lists the names";
      warnings.push({ key: name, message: "sets nothing", cure });
      continue;
    }
    assignments.push({ path: key.path, value: text, origin: { kind: "variable", name } });
  }
  return { assignments, warnings };
}

const booleans = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const),
]);

export const parseBoolean = (text: string): boolean | undefined => booleans.get(text.toLowerCase());

/** A variable's text as the type that its key has. What cannot be read stays text, for the validation to name. */
export function fromText(type: Type, text: string): unknown {
  if (type === "boolean") return parseBoolean(text) ?? text;
  return type === "number" && /^-?\d+$/.test(text) ? Number(text) : text;
}
