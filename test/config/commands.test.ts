import { expect, test } from "vitest";
import { configCommands } from "../../src/cli/config.ts";
import { makeFolder, optionsIn } from "./load-from.ts";

interface Run {
  readonly status: number;
  readonly text: string;
}

interface RunOptions {
  readonly json?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

async function run(
  command: keyof typeof configCommands,
  yaml: string,
  { json = false, env = {}, files = {} }: RunOptions = {},
): Promise<Run> {
  await using folder = await makeFolder();
  for (const [name, content] of Object.entries(files)) await folder.write(name, content);
  await folder.write("config.yaml", yaml);
  let text = "";
  const output = { json, write: (part: string) => (text += part) };
  const status = await configCommands[command](optionsIn(folder, { yaml: "", env }), output);
  return { status, text: text.replaceAll(folder.path, "DIR") };
}

const parsed = ({ text }: Run): unknown => JSON.parse(text);

test("check of a right file counts what it holds", async () => {
  const yaml = "pools: [{name: a}, {name: b}]\ndeployments: [{prefect_yaml: p.yaml}]";
  const files = { "p.yaml": "" };
  expect(await run("check", yaml, { files })).toEqual({
    status: 0,
    text: "DIR/config.yaml: no faults; 2 pools, 1 file of deployments, 0 services\n",
  });
  expect(parsed(await run("check", yaml, { json: true, files }))).toEqual({
    version: 1,
    ok: true,
    faults: [],
    warnings: [],
  });
});

test("check of a faulty one names faults, then warnings, with status 4", async () => {
  const yaml = "pools: [{name: a, workers: 0}]\ncolour: red";
  const env = { SAILS_SERVER_PROT: "1" };
  expect(await run("check", yaml, { env })).toEqual({
    status: 4,
    text: [
      "DIR/config.yaml:1:19: pools[0].workers: is 0, expected a whole number from 1 to 1000",
      "DIR/config.yaml:2:1: colour: unknown key; known here: prefect, environment, server, pools, deployments, checks, notify, concurrency_limits, drift, services, jobs, web, state_dir",
      "warning: SAILS_SERVER_PROT: sets nothing; did you mean SAILS_SERVER_PORT?",
      "2 faults",
      "",
    ].join("\n"),
  });
  const json = await run("check", yaml, { env, json: true });
  expect(json.status).toBe(4);
  expect(parsed(json)).toMatchObject({
    version: 1,
    ok: false,
    faults: [{ file: "DIR/config.yaml", line: 1, column: 19, key: "pools[0].workers" }, {}],
    warnings: [{ key: "SAILS_SERVER_PROT" }],
  });
});

const sources = {
  env: { SAILS_SERVER_HOST: "0.0.0.0" },
  files: {
    "p.env":
      "\nPREFECT_HOME=/data\nMY_TOKEN=hunter2\nPREFECT_SERVER_DATABASE_CONNECTION_URL=postgresql+asyncpg://u:hunter2@h/d",
  },
};
const shown =
  "prefect: {env_file: p.env, env: {A: ' x'}}\nservices: [{name: s, command: [x], env: {KEY: hunter2}}]";

test("show has every key with its value and where it came from", async () => {
  const { status, text } = await run("show", shown, sources);
  const rows = text.split("\n").map((line) => line.split(/ {2,}/));
  expect(status).toBe(0);
  expect(rows[0]).toEqual(["DIR/config.yaml"]);
  for (const row of [
    ["prefect.home", "/data", "p.env:2"],
    ["prefect.env.A", '" x"', "config.yaml:1"],
    ["prefect.env.MY_TOKEN", "****", "p.env:3"],
    ["server.host", "0.0.0.0", "SAILS_SERVER_HOST"],
    ["server.port", "4200", "default"],
    ["server.auth_file", "none", "default"],
    ["server.database_url", "postgresql+asyncpg://u:****@h/d", "p.env:4"],
    ["pools", "[]", "default"],
    ["services[0].env.KEY", "****", "config.yaml:2"],
    ["services[0].stop_timeout", "10s", "default"],
  ]) {
    expect(rows).toContainEqual(row);
  }
  expect(text).not.toContain("hunter2");
});

test("show --json has the same, and full paths", async () => {
  const result = await run("show", shown, { ...sources, json: true });
  expect(result.text).not.toContain("hunter2");
  expect(parsed(result)).toMatchObject({
    version: 1,
    file: "DIR/config.yaml",
    values: expect.arrayContaining([
      { key: "prefect.home", value: "/data", origin: "p.env:2", file: "DIR/p.env", line: 2 },
      { key: "server.port", value: 4200, origin: "default" },
      { key: "server.auth_file", value: null, origin: "default" },
      { key: "server.host", value: "0.0.0.0", origin: "SAILS_SERVER_HOST" },
    ]),
  });
});

test("show of a faulty file names the faults", async () => {
  expect(await run("show", "port: 1")).toEqual({
    status: 4,
    text: "DIR/config.yaml:1:1: port: unknown key; did you mean server.port?\n1 fault\n",
  });
});

test("reference and schema need no right file", async () => {
  const reference = await run("reference", "- nonsense");
  expect(reference.status).toBe(0);
  expect(reference.text).toContain("## pools");
  expect(parsed(await run("reference", "", { json: true }))).toMatchObject({
    version: 1,
    keys: expect.any(Array),
  });
  const schema = await run("schema", "- nonsense");
  expect(schema.status).toBe(0);
  expect(parsed(schema)).toMatchObject({ $schema: expect.stringContaining("2020-12") });
});
