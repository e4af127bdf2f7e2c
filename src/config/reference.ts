/** The schema as a document: for people as Markdown, for editors as JSON Schema. */
import * as z from "zod";
import { computedDefaults } from "./defaults.ts";
import { schema } from "./schema.ts";
import {
  childOf,
  commonChoices,
  itemOf,
  keysOf,
  type Schema,
  scalarKeys,
  typeText,
} from "./schema-walk.ts";

export interface KeyDoc {
  /** `pools[].name`. */
  readonly key: string;
  readonly type: string;
  /** As a file would say it, or in words; undefined for what must be given, and for mere groups. */
  readonly default: string | undefined;
  readonly isRequired: boolean;
  /** The environment variable that sets it. */
  readonly variable: string | undefined;
  /** Empty if nobody has written one; a test looks for that. */
  readonly meaning: string;
  readonly example: string | undefined;
}

export function listKeys(): readonly KeyDoc[] {
  const variables = new Map(scalarKeys(schema).map((key) => [key.path.join("."), key.variable]));
  const list = (parent: Schema, prefix: string): readonly KeyDoc[] =>
    Object.keys(keysOf(parent) ?? {}).flatMap((name) => {
      const child = childOf(parent, name);
      if (child === undefined) return [];
      const key = prefix + name;
      const item = itemOf(child);
      const below = item === undefined ? list(child, `${key}.`) : list(item, `${key}[].`);
      return [describeKey(child, key, variables.get(key)), ...below];
    });
  return list(schema, "");
}

function describeKey(key: Schema, name: string, variable: string | undefined): KeyDoc {
  const { description, examples } = z.globalRegistry.get(key) ?? {};
  const constant = key instanceof z.ZodDefault ? JSON.stringify(key.def.defaultValue) : undefined;
  const none = key instanceof z.ZodOptional ? "none" : undefined;
  const [example] = Array.isArray(examples) ? examples : [];
  return {
    key: name,
    type: typeText(key),
    default: computedDefaults[name] ?? constant ?? none,
    isRequired: !z.safeParse(key, undefined).success,
    variable,
    meaning: description ?? "",
    example:
      example === undefined ? undefined : `${name.split(".").at(-1)}: ${JSON.stringify(example)}`,
  };
}

export function renderReference(keys: readonly KeyDoc[] = listKeys()): string {
  return `${[intro, ...keys.map(renderKey)].join("\n\n")}\n`;
}

const intro = `# Configuration

Read from /etc/sails-supervisor/config.yaml, or from the file that --config or SAILS_CONFIG names. Every key is optional unless it says otherwise; an unknown key is an error. Where several sources set a key, the strongest holds: environment variable, file, prefect.env, default. Relative paths in the file start from its folder, those in environment variables from the current folder; ~/ is the home. Durations are 500ms, 30s, 15m, 12h or 7d.`;

function renderKey(doc: KeyDoc): string {
  const facts = [
    `type: ${doc.type}`,
    doc.isRequired ? "required" : doc.default && `default: ${doc.default}`,
    doc.variable && `environment: ${doc.variable}`,
    doc.example && `example: \`${doc.example}\``,
  ];
  const depth = doc.key.includes(".") ? "###" : "##";
  const lines = facts.filter((fact) => fact !== undefined).map((fact) => `- ${fact}`);
  return [`${depth} ${doc.key}`, "", doc.meaning, "", ...lines].join("\n");
}

/** Draft 2020-12, of the file as people write it. */
export function jsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(schema, {
    io: "input",
    target: "draft-2020-12",
    override: ({ zodSchema, jsonSchema: made }) => {
      const words = zodSchema instanceof z.ZodObject ? commonChoices(zodSchema) : [];
      if (words.length === 0) return;
      const { properties = {} } = made;
      delete made.type;
      delete made.properties;
      delete made.additionalProperties;
      const map = { type: "object", properties, additionalProperties: false } as const;
      made.anyOf = [{ type: "string", enum: [...words] }, map];
    },
  });
}
