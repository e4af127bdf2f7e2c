import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { generateTypes, typesFile } from "../../scripts/openapi.ts";
import { environmentOf } from "../support/prefect-environments.ts";

test("the types of Prefect's API are those of its own document (`npm run openapi` makes them)", async (ctx) => {
  expect(await readFile(typesFile, "utf8")).toBe(await generateTypes(environmentOf("survey", ctx)));
});
