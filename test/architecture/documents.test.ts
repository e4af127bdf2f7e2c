import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { generatedDocuments } from "../../scripts/docs.ts";

test("what is made from the code is as the code is now (`npm run docs` makes it)", async () => {
  const wanted = await generatedDocuments();
  const found = await Promise.all(
    [...wanted.keys()].map(async (path) => [path, await readFile(path, "utf8")] as const),
  );
  expect(new Map(found)).toEqual(wanted);
});
