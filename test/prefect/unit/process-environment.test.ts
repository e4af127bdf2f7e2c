import { describe, expect, test } from "vitest";
import type { EnvironmentVariables } from "../../../src/config/config.ts";
import { apiUrl, publicApiUrl, uiUrl } from "../../../src/prefect/installation.ts";
import {
  clientEnvironment,
  serverEnvironment,
  workerEnvironment,
} from "../../../src/prefect/process-environment.ts";
import { configOf, pool } from "./given.ts";

const sources = {
  base: { HOME: "/home/a", PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
  binDirectory: "/opt/env/bin",
  auth: undefined,
};
const workerSources = {
  ...sources,
  healthPort: 41_000,
  runLauncher: { program: "/usr/lib/sails/libexec/flow-run", cgroup: undefined },
};
const withEnv = (env: Record<string, string>) => configOf({ prefect: { env } });

test("every process gets what it needs, and nothing that is not known", () => {
  expect(clientEnvironment(configOf(), sources)).toEqual({
    HOME: "/home/a",
    LANG: "C.UTF-8",
    PATH: "/opt/env/bin:/usr/bin:/bin",
    DO_NOT_TRACK: "1",
    NO_COLOR: "1",
    PYTHONUNBUFFERED: "1",
    PREFECT_HOME: "/data/prefect",
    PREFECT_API_URL: "http://127.0.0.1:4200/api",
    PREFECT_SERVER_EPHEMERAL_ENABLED: "false",
    PREFECT_SERVER_ANALYTICS_ENABLED: "false",
    PREFECT_CLIENT_MAX_RETRIES: "10",
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: "false",
    PREFECT_CLI_COLORS: "false",
    PREFECT_CLI_PROMPT: "false",
    PREFECT_CLI_WRAP_LINES: "false",
    PREFECT_LOGGING_COLORS: "false",
    PREFECT_RESULTS_LOCAL_STORAGE_PATH: "/data/prefect/storage",
    PREFECT_SERVER_MEMO_STORE_PATH: "/data/prefect/memo_store.toml",
    PREFECT_LOGGING_CONFIG_PATH: "/data/prefect/logging.yml",
    PREFECT_LOGGING_FORMATTERS_STANDARD_DATEFMT: "%Y-%m-%d %H:%M:%S",
  });
});

describe("which wins", () => {
  test.each([
    ["prefect.env over what the daemon was given", "LANG", "de_DE.UTF-8"],
    ["prefect.env over a default", "PREFECT_CLIENT_MAX_RETRIES", "12"],
    ["prefect.env over a default of output", "PREFECT_LOGGING_COLORS", "true"],
    ["prefect.env where nobody else speaks", "PREFECT_LOGGING_LEVEL", "DEBUG"],
  ])("%s", (_, name, value) => {
    expect(clientEnvironment(withEnv({ [name]: value }), sources)[name]).toBe(value);
  });

  test.each([
    "PATH",
    "PREFECT_HOME",
    "PREFECT_API_URL",
    "PREFECT_SERVER_EPHEMERAL_ENABLED",
    "PREFECT_RESULTS_LOCAL_STORAGE_PATH",
    "PREFECT_SERVER_MEMO_STORE_PATH",
    "PREFECT_LOGGING_CONFIG_PATH",
  ])("%s is ours, even against prefect.env", (name) => {
    const given = clientEnvironment(withEnv({ [name]: "theirs" }), sources)[name];
    expect(given).toBe(clientEnvironment(configOf(), sources)[name]);
  });

  test("a default over what the daemon was given", () => {
    const base = { ...sources.base, DO_NOT_TRACK: "0" };
    expect(clientEnvironment(configOf(), { ...sources, base })["DO_NOT_TRACK"]).toBe("1");
  });

  test("a worker's own port over prefect.env, for two would share one", () => {
    const config = withEnv({
      PREFECT_WORKER_WEBSERVER_PORT: "8080",
      PREFECT_WORKER_WEBSERVER_HOST: "0.0.0.0",
    });
    expect(workerEnvironment(config, pool("runs"), workerSources)).toMatchObject({
      PREFECT_WORKER_WEBSERVER_PORT: "41000",
      PREFECT_WORKER_WEBSERVER_HOST: "127.0.0.1",
    });
  });
});

test.each([
  ["/opt/env/bin", "/usr/bin", "/opt/env/bin:/usr/bin"],
  [undefined, "/usr/bin", "/usr/bin"],
  ["/opt/env/bin", "", "/opt/env/bin"],
])("PATH of %s and %s", (binDirectory, path, expected) => {
  const env = clientEnvironment(configOf(), { ...sources, base: { PATH: path }, binDirectory });
  expect(env["PATH"]).toBe(expected);
  if (path === "") {
    expect(clientEnvironment(configOf(), { ...sources, base: {} })["PATH"]).toBe(expected);
  }
});

describe("who gets the password", () => {
  const kinds = (auth: string | undefined) => {
    const given = { ...sources, auth };
    return {
      client: clientEnvironment(configOf(), given),
      worker: workerEnvironment(configOf(), pool("runs"), { ...workerSources, ...given }),
      server: serverEnvironment(configOf(), given),
    };
  };
  const secrets = ["PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"];
  const kept = (env: object) => secrets.filter((name) => Object.hasOwn(env, name));

  test("nobody, if there is none", () => {
    const { client, worker, server } = kinds(undefined);
    expect([client, worker, server].map(kept)).toEqual([[], [], []]);
  });

  test("clients to show it, the server to ask for it", () => {
    const { client, worker, server } = kinds("user:secret");
    expect(client).toMatchObject({ PREFECT_API_AUTH_STRING: "user:secret" });
    expect([client, worker, server].map(kept)).toEqual([[secrets[0]], [secrets[0]], secrets]);
    expect(server["PREFECT_SERVER_API_AUTH_STRING"]).toBe("user:secret");
  });

  test("and no key or profile ever stands beside it", () => {
    for (const env of Object.values(kinds("user:secret"))) {
      expect(Object.keys(env)).not.toContain("PREFECT_API_KEY");
      expect(Object.keys(env)).not.toContain("PREFECT_PROFILE");
    }
  });
});

describe("what starts the runs of a pool", () => {
  const of = (env: EnvironmentVariables) =>
    Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("SAILS_")));

  test("is told where everything is", () => {
    expect(of(workerEnvironment(configOf(), pool("runs"), workerSources))).toEqual({
      SAILS_FLOW_RUN: "/usr/lib/sails/libexec/flow-run",
      SAILS_RUNS_DIRECTORY: "/var/lib/sails/runs",
      SAILS_RUN_LOGS_DIRECTORY: "/var/lib/sails/logs/runs",
      SAILS_POOL: "runs",
      SAILS_JOURNAL_SOCKET: "",
    });
  });

  test("is told of the journal where output goes there", () => {
    const journal = { socket: "/run/journald", priorities: "/usr/lib/sails/priorities.py" };
    const runLauncher = { ...workerSources.runLauncher, journal };
    const env = workerEnvironment(configOf(), pool("runs"), { ...workerSources, runLauncher });
    expect(env["SAILS_JOURNAL_SOCKET"]).toBe("/run/journald");
  });

  test("is told of cgroups where there are any", () => {
    const runLauncher = { ...workerSources.runLauncher, cgroup: "/sys/fs/cgroup/x/runs" };
    const env = workerEnvironment(configOf(), pool("runs"), { ...workerSources, runLauncher });
    expect(env["SAILS_RUN_CGROUP"]).toBe("/sys/fs/cgroup/x/runs");
  });

  test.each([pool("runs", { detached: false }), pool("runs", { type: "docker" })])(
    "is Prefect itself where runs are not detached",
    (attached) => {
      expect(of(workerEnvironment(configOf(), attached, workerSources))).toEqual({});
    },
  );
});

test("what is the server's alone", () => {
  const config = configOf({
    server: { databaseUrl: "postgresql+asyncpg://u:p@h/d", publicUrl: "https://p.example.org" },
  });
  const names = [
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_UI_API_URL",
    "PREFECT_WORKER_WEBSERVER_PORT",
  ];
  const of = (env: Readonly<Record<string, string>>) => names.map((name) => env[name]);
  expect(of(serverEnvironment(config, sources))).toEqual([
    "postgresql+asyncpg://u:p@h/d",
    "https://p.example.org/api",
    undefined,
  ]);
  expect(of(workerEnvironment(config, pool("runs"), workerSources))).toEqual([
    undefined,
    undefined,
    "41000",
  ]);
  expect(Object.keys(serverEnvironment(configOf(), sources))).not.toContain(names[0]);
});

describe("addresses", () => {
  test.each([
    ["127.0.0.1", "http://127.0.0.1:4200/api"],
    ["0.0.0.0", "http://127.0.0.1:4200/api"],
    ["::", "http://[::1]:4200/api"],
    ["::1", "http://[::1]:4200/api"],
    ["localhost", "http://127.0.0.1:4200/api"],
    ["192.0.2.10", "http://192.0.2.10:4200/api"],
    ["fd00::7", "http://[fd00::7]:4200/api"],
  ])("a server that listens on %s is asked at %s", (host, url) => {
    const config = configOf({ server: { host } });
    expect(apiUrl(config)).toBe(url);
    expect(URL.canParse(url)).toBe(true);
  });

  test.each([
    "https://p.example.org/api",
    "https://p.example.org/api/",
    "https://p.example.org/api//",
  ])("a server elsewhere is asked at %s", (url) => {
    const config = configOf({ prefect: { apiUrl: url }, server: { enabled: false } });
    expect(apiUrl(config)).toBe("https://p.example.org/api");
    expect(clientEnvironment(config, sources)["PREFECT_API_URL"]).toBe(apiUrl(config));
  });

  test.each([
    [undefined, "http://127.0.0.1:4200/api", "http://127.0.0.1:4200"],
    ["http://192.0.2.10:4200", "http://192.0.2.10:4200/api", "http://192.0.2.10:4200"],
    ["http://192.0.2.10:4200/api", "http://192.0.2.10:4200/api", "http://192.0.2.10:4200"],
    ["http://192.0.2.10:4200/api/", "http://192.0.2.10:4200/api", "http://192.0.2.10:4200"],
    ["https://h/prefect", "https://h/prefect/api", "https://h/prefect"],
  ])("browsers go to %s", (publicUrl, api, ui) => {
    const config = configOf({ server: { publicUrl } });
    expect([publicApiUrl(config), uiUrl(config)]).toEqual([api, ui]);
    // Our own processes never take the way that browsers take.
    expect(apiUrl(config)).toBe("http://127.0.0.1:4200/api");
  });
});
