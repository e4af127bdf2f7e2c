import { expect, test } from "vitest";
import {
  askDefaultTemplate,
  launchCommand,
  startCommandOf,
  withCommand,
} from "../../../src/prefect/declared/job-template.ts";
import { defaultTemplate, failed, ourTemplate, scriptedRun, signal } from "./given.ts";

const request = { env: {}, directory: "/", timeoutMs: 1000, signal };

test("is the last line of what Prefect says, whatever it warns of before", async () => {
  const output = `a warning\n${JSON.stringify(defaultTemplate)}\n`;
  const { run, requests } = scriptedRun(() => ({ output }));
  const asked = await askDefaultTemplate(run, "/env/bin/python", request);
  expect(asked).toEqual({ kind: "known", template: defaultTemplate });
  expect(requests[0]?.command[0]).toBe("/env/bin/python");
});

test.each([
  [failed("Traceback\nModuleNotFoundError: No module named 'prefect'\n"), "ModuleNotFoundError"],
  [{ output: "hello" }, "hello"],
  [{ output: "[]" }, "[]"],
])("what cannot be had is said with Prefect's words", async (result, words) => {
  const { run } = scriptedRun(() => result);
  const asked = await askDefaultTemplate(run, "python", request);
  expect(asked.kind === "failed" && asked.why).toContain(words);
});

test("a command is changed and nothing beside it", () => {
  expect(ourTemplate).toEqual({
    ...defaultTemplate,
    variables: {
      type: "object",
      properties: { command: { title: "Command", default: launchCommand } },
    },
  });
  expect(withCommand(ourTemplate, null)).toEqual(defaultTemplate);
});

test.each([
  ["none", {}],
  ["none", defaultTemplate],
  ["ours", ourTemplate],
  ["foreign", withCommand(defaultTemplate, "python -m mine")],
  ["foreign", { variables: { properties: { command: { default: 7 } } } }],
])("runs start by %s", (start, template) => {
  expect(startCommandOf(template)).toBe(start);
});
