import { expect, test } from "vitest";
import { specHash } from "../../src/host/spec-hash.ts";
import type { ProcessSpec } from "../../src/supervision/ports.ts";

const spec: ProcessSpec = {
  command: ["prefect", "worker", "start"],
  env: { PATH: "/bin", HOME: "/root" },
  directory: "/",
  killMode: "process",
};

test("the same is the same, in whatever order its variables come", () => {
  const again = { ...spec, env: { HOME: "/root", PATH: "/bin" } };
  expect(specHash(again)).toBe(specHash(spec));
  expect(specHash(spec)).toMatch(/^[0-9a-f]{64}$/);
});

test.each<readonly [string, Partial<ProcessSpec>]>([
  ["program", { command: ["python", "worker", "start"] }],
  ["argument", { command: ["prefect", "worker start"] }],
  ["variable", { env: { ...spec.env, HOME: "/home/ubuntu" } }],
  ["variable more", { env: { ...spec.env, TZ: "" } }],
  ["folder", { directory: "/tmp" }],
  ["kill mode", { killMode: "control-group" }],
])("another %s is another", (_, change) => {
  expect(specHash({ ...spec, ...change })).not.toBe(specHash(spec));
});
