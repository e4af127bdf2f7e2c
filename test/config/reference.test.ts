import { expect, test } from "vitest";
import * as z from "zod";
import { computedDefaults } from "../../src/config/defaults.ts";
import { jsonSchema, listKeys, renderReference } from "../../src/config/reference.ts";
import { schema } from "../../src/config/schema.ts";
import { itemOf, keysOf, type Schema, scalarKeys } from "../../src/config/schema-walk.ts";

const keys = listKeys();

test.each(keys)("$key says what it means, in a sentence", ({ meaning }) => {
  expect(meaning).toMatch(/^\S.*\.$/);
});

test.each(keys.filter(({ type }) => type !== "a map of keys"))(
  "$key has an example",
  ({ example }) => {
    expect(example).toBeDefined();
  },
);

test("the examples and the constant defaults are right themselves", () => {
  const wrong: string[] = [];
  const visit = (parent: Schema, prefix: string): void => {
    for (const [name, child] of Object.entries(keysOf(parent) ?? {})) {
      const { examples = [] } = z.globalRegistry.get(child) ?? {};
      const defaults = child instanceof z.ZodDefault ? [child.def.defaultValue] : [];
      for (const value of [...(Array.isArray(examples) ? examples : []), ...defaults]) {
        if (!z.safeParse(child, value).success)
          wrong.push(`${prefix}${name}: ${JSON.stringify(value)}`);
      }
      visit(itemOf(child) ?? child, `${prefix}${name}.`);
    }
  };
  visit(schema, "");
  expect(wrong).toEqual([]);
});

test("each environment variable names one key", () => {
  const names = scalarKeys(schema).map(({ variable }) => variable);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain("SAILS_SERVER_PORT");
  expect(names).toContain("SAILS_STATE_DIR");
});

test("computed defaults belong to keys that exist", () => {
  expect(keys.map(({ key }) => key)).toEqual(expect.arrayContaining(Object.keys(computedDefaults)));
});

test("the reference has a section for each key", () => {
  const sections = renderReference()
    .match(/^##+ .*$/gm)
    ?.map((line) => line.replace(/^#+ /, ""));
  expect(sections).toEqual(keys.map(({ key }) => key));
  expect(renderReference()).toContain(`### server.port

Port that the server listens on.

- type: a whole number from 1 to 65535
- default: 4200
- environment: SAILS_SERVER_PORT
- example: \`port: 4201\`
`);
  expect(renderReference()).toContain("- default: <state_dir>/prefect\n");
  expect(renderReference()).toMatch(
    /### pools\[\].name\n\n.*\n\n- type: .*\n- required\n- example/,
  );
});

test("the JSON Schema is of draft 2020-12, closed, and describes every key", () => {
  const root = jsonSchema();
  expect(root).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    additionalProperties: false,
    properties: {
      server: {
        additionalProperties: false,
        properties: { port: { type: "integer", minimum: 1, maximum: 65_535, default: 4200 } },
      },
      pools: { items: { required: ["name"], properties: { workers: { default: 1 } } } },
    },
  });
  expect(root).toMatchObject({
    properties: {
      drift: {
        anyOf: [
          { type: "string", enum: ["enforce", "report"] },
          { type: "object", additionalProperties: false, properties: { pools: {} } },
        ],
      },
    },
  });
  const text = JSON.stringify(root);
  for (const { meaning } of keys) expect(text).toContain(JSON.stringify(meaning));
});
