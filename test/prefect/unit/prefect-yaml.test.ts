import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPrefectYaml } from "../../../src/prefect/declared/prefect-yaml.ts";

const file = "/project/prefect.yaml";
const read = async (text: string | Uint8Array) =>
  readPrefectYaml(file, typeof text === "string" ? text : Buffer.from(text).toString());

/** NAME ENTRYPOINT POOL of each. */
async function deploymentsIn(text: string): Promise<readonly string[]> {
  const found = await read(text);
  if (found.kind === "unreadable") return [`unreadable: ${found.why}`];
  return [
    ...found.deployments.map(
      (one) => `${one.name} ${one.entrypoint ?? "-"} ${one.poolName ?? "-"}`,
    ),
    ...(found.unnamed === 0 ? [] : [`${found.unnamed} unnamed`]),
  ];
}

const usual = `# Welcome to your prefect.yaml file!
name: project
prefect-version: 3.6.4
build: null
push:
pull:
- prefect.deployments.steps.git_clone:
    id: clone-step
    repository: https://git.example.org/project.git
    branch: "{{ $BRANCH }}"
- prefect.deployments.steps.pip_install_requirements:
    directory: "{{ clone-step.directory }}"
    requirements_file: requirements.txt
- prefect.deployments.steps.set_working_directory:
    directory: /project
definitions:
  work_pools:
    runs: &runs
      name: runs
      work_queue_name: default
      job_variables: {env: {A: "1"}}
deployments:
- name: monitor
  version:
  tags: []
  description: |
    Looks.
      And looks again.
  entrypoint: flows/monitor.py:monitor
  parameters: {}
  work_pool: *runs
  schedule: {}
- name: daily
  entrypoint: flows/daily.py:daily
  concurrency_limit: {limit: 1, collision_strategy: CANCEL_NEW}
  schedules:
  - cron: "0 3 * * *"
    timezone: Europe/Berlin
    slug: nightly
  triggers:
  - {type: event, enabled: "{{ prefect.variables.is_prod }}"}
  work_pool:
    <<: *runs
    work_queue_name: slow
- name: by-hand
  entrypoint: flows/by_hand.py:by_hand
  paused: true
  work_pool:
- name: anywhere
  entrypoint: flows/anywhere.py:anywhere
  work_pool: {name: null, work_queue_name: null, job_variables: {}}
- name: elsewhere
  entrypoint: flows/elsewhere.py:elsewhere
  work_pool: {name: "{{ $POOL }}"}
`;

test("a file as people have it", async () => {
  expect(await deploymentsIn(usual)).toEqual([
    "monitor flows/monitor.py:monitor runs",
    "daily flows/daily.py:daily runs",
    "by-hand flows/by_hand.py:by_hand -",
    "anywhere flows/anywhere.py:anywhere -",
    "elsewhere flows/elsewhere.py:elsewhere {{ $POOL }}",
  ]);
});

test("a byte order mark and the line ends of Windows change nothing", async () => {
  const other = `\uFEFF---\r\n${usual.replaceAll("\n", "\r\n")}`;
  expect(await deploymentsIn(other)).toEqual(await deploymentsIn(usual));
});

test.each([
  ["an empty file", "", []],
  ["a file of comments", "# nothing\n", []],
  ["no deployments", "name: project\n", []],
  ["deployments: null", "deployments:\n", []],
  ["no entry", "deployments: []\n", []],
  ["an entry without a name", "deployments:\n- entrypoint: a.py:a\n", ["1 unnamed"]],
  ["names that are null or empty", "deployments: [{name: null}, {name: ''}]", ["2 unnamed"]],
  ["a name that is a number", "deployments: [{name: 7}, {name: a}]", ["a - -", "1 unnamed"]],
  ["an entrypoint that is null", "deployments: [{name: a, entrypoint: null}]", ["a - -"]],
  ["a work pool that is a word", "deployments: [{name: a, work_pool: runs}]", ["a - -"]],
  ["a merged entry", "x: &x {entrypoint: f}\ndeployments: [{<<: *x, name: a}]", ["a f -"]],
  [
    "several merged ones, of which the first wins",
    "x: &x {entrypoint: f}\ny: &y {entrypoint: g, work_pool: {name: p}}\ndeployments: [{<<: [*x, *y], name: a}]",
    ["a f p"],
  ],
  ["a key that is there twice", "deployments: [{name: a, name: b}]", ["b - -"]],
  ["a tag that nobody knows", "x: !mine 1\ndeployments: [{name: a}]", ["a - -"]],
])("%s", async (_, text, expected) => {
  expect(await deploymentsIn(text)).toEqual(expected);
});

test("a hundred and fifty entries may share one anchor", async () => {
  const entries = Array.from({ length: 150 }, (_, i) => `- {name: d${i}, work_pool: *p}`);
  const text = `p: &p {name: runs}\ndeployments:\n${entries.join("\n")}\n`;
  expect(await deploymentsIn(text)).toHaveLength(150);
});

test("what a parser might warn of is not said on the daemon's own output", async () => {
  const warned: unknown[] = [];
  const note = (warning: Error) => warned.push(warning);
  process.on("warning", note);
  await read("x: !mine 1\ndeployments: [{name: a}]");
  await new Promise(setImmediate);
  process.off("warning", note);
  expect(warned).toEqual([]);
});

test.each([
  ["a list at the top", "- name: a\n"],
  ["a word at the top", "hello\n"],
  ["deployments that are a map", "deployments: {name: a}\n"],
  ["an entry that is a word", "deployments: [a]\n"],
  ["an entry that is null", "deployments: [null]\n"],
  ["a tab before a key", "deployments:\n\t- name: a\n"],
  ["a bracket that is never closed", "deployments: [{name: a}\n"],
  ["an alias of nothing", "deployments: [{name: a, work_pool: *p}]\n"],
  ["two documents", "deployments: []\n---\ndeployments: []\n"],
])("%s is said in one line", async (_, text) => {
  const found = await read(text);
  expect(found.kind).toBe("unreadable");
  expect(found.kind === "unreadable" && found.why).toMatch(/^.+$/);
});

test("nothing that stands in a file makes it throw", async () => {
  const yamlish = fc
    .array(
      fc.constantFrom(
        "deployments:",
        "- ",
        "name: ",
        "a",
        "\n",
        "  ",
        "{",
        "}",
        "[",
        "*a",
        "&a ",
        "<<: ",
        "!",
        "\t",
        "'",
      ),
    )
    .map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(fc.oneof(yamlish, fc.string()), async (text) => {
      expect(["read", "unreadable"]).toContain((await read(text)).kind);
    }),
    { numRuns: 200 },
  );
});

describe("what `prefect deploy -n` is told", () => {
  const selectorsIn = async (text: string) => {
    const found = await read(text);
    return found.kind === "read" ? found.deployments.map(({ selector }) => selector) : [];
  };

  test("is the name", async () => {
    expect(await selectorsIn("deployments: [{name: a, entrypoint: 'f.py:f'}, {name: b}]")).toEqual([
      "a",
      "b",
    ]);
  });

  test("is the function too where one name stands for several: those that exist stay as they are", async () => {
    const entries = ["f.py:one", "g.py:two"].map((at) => `{name: default, entrypoint: '${at}'}`);
    expect(await selectorsIn(`deployments: [${entries.join()}, {name: default}]`)).toEqual([
      "one/default",
      "two/default",
      "default",
    ]);
  });
});
