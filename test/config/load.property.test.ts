import * as fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../src/config/load.ts";
import { listKeys } from "../../src/config/reference.ts";
import { makeFolder, optionsIn } from "./load-from.ts";

/** Words that the schema knows, so that the noise gets past the first key. */
const known = listKeys().flatMap(({ key }) => key.split(/\.|\[\]/));
const word = fc.oneof(
  fc.constantFrom(
    ...known,
    "<<",
    "__proto__",
    "constructor",
    "server",
    "service@a",
    "a",
    "10s",
    "/",
    "",
  ),
  fc.string({ maxLength: 8 }),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    word,
    fc.constantFrom(null, true, 0, 1, -1, 1.5, 1e300, Infinity),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(word, tie("tree"), { maxKeys: 6 }),
  ),
}));
const top = fc.dictionary(fc.constantFrom(...known), tree, { minKeys: 1, maxKeys: 6 });

const noise = fc.oneof(
  top.map((value) => stringify(value)),
  fc.string({
    unit: fc.constantFrom(..."ab:-?[]{},&*!|>'\"%@`\n #<~\t0".split("")),
    maxLength: 120,
  }),
  fc.uint8Array({ maxLength: 200 }),
);

test("no file makes loading throw, and what is faulty has a fault", {
  timeout: 60_000,
}, async () => {
  await using folder = await makeFolder();
  const options = optionsIn(folder, { yaml: "" });
  await fc.assert(
    fc.asyncProperty(noise, async (content) => {
      await folder.write("config.yaml", content);
      const loaded = await loadConfig(options);
      expect(loaded.kind === "loaded" || loaded.faults.length > 0).toBe(true);
      for (const fault of loaded.kind === "faulty" ? loaded.faults : [])
        expect(fault.message).not.toBe("");
    }),
    { numRuns: 1500 },
  );
});
