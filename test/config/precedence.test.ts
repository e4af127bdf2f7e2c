import { expect, test } from "vitest";
import { describeOrigin } from "../../src/config/origin.ts";
import { configOf, faultsOf, type Given, load, warningsOf } from "./load-from.ts";

const originOf = async (given: Given, key: string): Promise<string> => {
  const loaded = await load(given);
  const origin = loaded.kind === "loaded" ? loaded.origins.get(key) : undefined;
  return origin === undefined ? "none" : describeOrigin(origin);
};

const envFile = { files: { "p.env": "\nPREFECT_API_URL=http://h:4001/api\n" } };
const layers: readonly (readonly [Given, number, string])[] = [
  [{}, 4200, "default"],
  [{ yaml: "prefect: {env_file: p.env}", ...envFile }, 4001, "p.env:2"],
  [{ yaml: "prefect: {env_file: p.env}\nserver: {port: 4002}", ...envFile }, 4002, "config.yaml:2"],
  [
    {
      yaml: "prefect: {env_file: p.env}\nserver: {port: 4002}",
      ...envFile,
      env: { SAILS_SERVER_PORT: "4003" },
    },
    4003,
    "SAILS_SERVER_PORT",
  ],
  [
    { yaml: "prefect: {env_file: p.env}", ...envFile, env: { SAILS_SERVER_PORT: "4003" } },
    4003,
    "SAILS_SERVER_PORT",
  ],
  [{ yaml: "server: {port: 4002}", env: { SAILS_SERVER_PORT: "" } }, 4002, "config.yaml:1"],
  [{ yaml: "server: {port: }" }, 4200, "default"],
];

test.each(layers)("%j: server.port is %i, from %s", async (given, port, origin) => {
  expect((await configOf(given)).server.port).toBe(port);
  expect(await originOf(given, "server.port")).toBe(origin);
});

test("a variable beats a faulty value, but not a faulty map", async () => {
  const env = { SAILS_SERVER_PORT: "4003" };
  expect(await faultsOf({ yaml: "server: {port: abc}", env })).toEqual([]);
  expect(await faultsOf({ yaml: "server: abc", env })).toEqual([
    "DIR/config.yaml:1:1: server: is text, expected a map of keys",
  ]);
});

const booleans: readonly (readonly [string, boolean])[] = [
  ["true", true],
  ["yes", true],
  ["On", true],
  ["1", true],
  ["false", false],
  ["NO", false],
  ["off", false],
  ["0", false],
];
test.each(booleans)("SAILS_SERVER_ENABLED=%s is %j", async (text, enabled) => {
  const env = { SAILS_SERVER_ENABLED: text, SAILS_PREFECT_API_URL: "http://h/api" };
  expect((await configOf({ env })).server.enabled).toBe(enabled);
});

const wrong: readonly (readonly [Given["env"], string])[] = [
  [
    { SAILS_SERVER_ENABLED: "maybe" },
    'SAILS_SERVER_ENABLED (server.enabled): is "maybe", expected true or false',
  ],
  [
    { SAILS_SERVER_PORT: "4e3" },
    'SAILS_SERVER_PORT (server.port): is "4e3", expected a whole number from 1 to 65535',
  ],
  [
    { SAILS_SERVER_PORT: "0" },
    "SAILS_SERVER_PORT (server.port): is 0, expected a whole number from 1 to 65535",
  ],
  [
    { SAILS_SERVER_AUTH_FILE: "gone" },
    "SAILS_SERVER_AUTH_FILE (server.auth_file): DIR/cwd/gone does not exist; correct the path, create it, or take the key out",
  ],
  [
    { SAILS_CONFIG: "gone.yaml" },
    "DIR/cwd/gone.yaml: SAILS_CONFIG: does not exist; correct the path, or let init write the file",
  ],
];
test.each(wrong)("%j: a fault", async (env, fault) => {
  expect(await faultsOf({ env: env ?? {} })).toEqual([fault]);
});

test("an unknown variable is a warning that names the nearest; ours are none", async () => {
  const env = {
    SAILS_SERVER_PROT: "1",
    SAILS_QQQ: "1",
    SAILS_EMPTY: "",
    SAILS_TEST_X: "1",
    SAILS_INVOCATION_ID: "1",
    SAILS_PROJECT: "1",
    OTHER: "1",
  };
  expect(await warningsOf({ env })).toEqual([
    "SAILS_SERVER_PROT: sets nothing; did you mean SAILS_SERVER_PORT?",
    "SAILS_QQQ: sets nothing; config reference lists the names",
  ]);
});

test("an api_url beside a server of our own is a warning", async () => {
  expect(await warningsOf({ yaml: "prefect: {api_url: 'http://h/api'}" })).toEqual([
    "DIR/config.yaml:1:11: prefect.api_url: is not used while a server runs here; set server.enabled to false, or take it out",
  ]);
});

test("SAILS_CONFIG names the file, --config beats it", async () => {
  const files = { "cwd/other.yaml": "server: {port: 4300}" };
  const env = { SAILS_CONFIG: "other.yaml" };
  expect(await configOf({ files, env })).toMatchObject({
    file: "DIR/cwd/other.yaml",
    server: { port: 4300 },
  });
  expect(await configOf({ files, env, yaml: "" })).toMatchObject({ file: "DIR/config.yaml" });
});

test("relative paths start from where they are written", async () => {
  const yaml = "prefect: {home: a}\nenvironment: {path: ../b, python: ./py/bin/python}";
  const config = await configOf({ yaml, env: { SAILS_STATE_DIR: "state" } });
  expect(config).toMatchObject({
    prefect: { home: "DIR/a" },
    environment: { python: "DIR/py/bin/python" },
    stateDir: "DIR/cwd/state",
  });
  expect((await configOf({ yaml: "prefect: {home: ~/x}" })).prefect.home).toBe("DIR/home/x");
});

const stateDirs: readonly (readonly [Given, string, string])[] = [
  [{}, "DIR/home/.local/state/sails-supervisor", "default"],
  [{ env: { XDG_STATE_HOME: "/xdg" } }, "/xdg/sails-supervisor", "XDG_STATE_HOME"],
  [{ env: { XDG_STATE_HOME: "xdg" } }, "DIR/home/.local/state/sails-supervisor", "default"],
  [{ uid: 0 }, "/var/lib/sails-supervisor", "default"],
  [{ uid: 0, env: { STATE_DIRECTORY: "/var/lib/a:/var/lib/b" } }, "/var/lib/a", "STATE_DIRECTORY"],
  [{ uid: 0, env: { STATE_DIRECTORY: "/a" }, yaml: "state_dir: /b" }, "/b", "config.yaml:1"],
];
test("one word for all of drift comes from its line, and a variable beats it for one", async () => {
  const given: Given = {
    yaml: "state_dir: s\ndrift: enforce",
    env: { SAILS_DRIFT_POOLS: "report" },
  };
  expect((await configOf(given)).drift).toEqual({
    limits: "enforce",
    pools: "report",
    deployments: "enforce",
    schedules: "enforce",
  });
  expect(await originOf(given, "drift.schedules")).toBe("config.yaml:2");
  expect(await originOf(given, "drift.pools")).toBe("SAILS_DRIFT_POOLS");
});

test.each(stateDirs)("%j: the state lies in %s", async (given, path, origin) => {
  const config = await configOf(given);
  expect(config.stateDir).toBe(path);
  expect(config.prefect.home).toBe(`${path}/prefect`);
  expect(await originOf(given, "state_dir")).toBe(origin);
});
