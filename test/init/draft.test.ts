import { expect, test } from "vitest";
import { parse } from "yaml";
import { draft } from "../../src/init/draft.ts";
import type { ByHand, Findings } from "../../src/init/findings.ts";
import { render } from "../../src/init/render.ts";

const nothing: Findings = {
  project: "/home/u/alma",
  prefectYamls: [],
  envFile: undefined,
  variables: new Map(),
  lock: undefined,
  environments: [],
  byHand: [],
  pools: { kind: "unknown", why: "no server answers on port 4200" },
};

const yaml = "/home/u/alma/flows/prefect.yaml";
const common = { environment: "/mnt/pspace/prefect-env", home: "/mnt/pspace/prefect-data" };
const worker = (pid: number, pool: string): ByHand => ({ kind: "worker", pid, pool, ...common });

/** Three `screen` sessions, as the first users have them. */
const screens: Findings = {
  ...nothing,
  prefectYamls: [
    {
      file: yaml,
      deployments: [
        { name: "monitor", pool: "monitoring" },
        { name: "calibrate", pool: "vm-runs" },
        { name: "image", pool: "vm-runs" },
        { name: "split", pool: "fourth" },
        { name: "anywhere", pool: undefined },
      ],
    },
  ],
  envFile: "/home/u/alma/prefect.env",
  variables: new Map([["PREFECT_HOME", "/mnt/pspace/prefect-data"]]),
  lock: "uv.lock",
  byHand: [
    { kind: "server", pid: 1, host: "0.0.0.0", port: 4200, ...common },
    worker(2, "monitoring"),
    worker(3, "vm-runs"),
    worker(4, "vm-runs"),
  ],
  pools: {
    kind: "known",
    from: "http://127.0.0.1:4200/api",
    pools: [
      { name: "monitoring", type: "process", limit: null },
      { name: "vm-runs", type: "process", limit: 2 },
      { name: "old", type: "process", limit: 1 },
      { name: "cluster", type: "kubernetes", limit: 1 },
    ],
  },
};

test("three screen sessions become a configuration that goes on with them", () => {
  const drafted = draft(screens);
  expect(parse(render(drafted))).toEqual({
    prefect: { env_file: "/home/u/alma/prefect.env" },
    environment: { project: "/home/u/alma", path: "/mnt/pspace/prefect-env" },
    server: { host: "0.0.0.0" },
    pools: [
      { name: "monitoring" },
      { name: "vm-runs", concurrency_limit: 2, workers: 2 },
      { name: "fourth" },
    ],
    deployments: [{ prefect_yaml: yaml }],
  });
  expect(drafted.found).toContain("pool vm-runs: 2 deployments, 2 workers by hand, limit 2");
  expect(drafted.assumed).toEqual([]);
  expect(drafted.toDo).toEqual([
    expect.stringMatching(/^the server is open to the network, without a password/),
    expect.stringMatching(/^pool fourth does not exist, and split named it: it will be made/),
    expect.stringMatching(/^pool old is left out: no deployment names it/),
    expect.stringMatching(/^pool cluster is left out: it is of type kubernetes/),
    expect.stringMatching(/ processes 1 \(server\), 2 \(worker of monitoring\), /),
  ]);
});

test("what comes from an empty folder says what is missing", () => {
  const drafted = draft(nothing);
  expect(parse(render(drafted))).toEqual({});
  expect(drafted.assumed).toEqual([expect.stringMatching(/^nothing names PREFECT_HOME/)]);
  expect(drafted.toDo).toEqual([
    expect.stringMatching(/^there is neither a Python environment with Prefect nor a uv.lock/),
    expect.stringMatching(/^there is no prefect.yaml in \/home\/u\/alma/),
  ]);
});

test("where the environment is yet to be built, it is put beside Prefect's state", () => {
  const drafted = draft({ ...screens, byHand: [] });
  expect(parse(render(drafted))).toMatchObject({
    environment: { project: "/home/u/alma", path: "/mnt/pspace/prefect-env" },
  });
  expect(drafted.assumed).toContain("the Python environment is to be in /mnt/pspace/prefect-env");
});

test("what runs beats what is written", () => {
  const variables = new Map([["PREFECT_HOME", "/somewhere/else"]]);
  expect(parse(render(draft({ ...screens, variables })))).toMatchObject({
    prefect: { home: "/mnt/pspace/prefect-data", env_file: "/home/u/alma/prefect.env" },
  });
});

test("a prefect.yaml that cannot be read is left out, and said", () => {
  const prefectYamls = [{ file: yaml, deployments: [], trouble: "YAMLParseError: bad" }];
  const drafted = draft({ ...screens, prefectYamls });
  expect(parse(render(drafted))).not.toHaveProperty("deployments");
  expect(drafted.toDo).toContain(`${yaml} is left out, it cannot be read: YAMLParseError: bad`);
});

test("without a server's word the limits stay what they are, and that is said", () => {
  const drafted = draft({ ...screens, pools: nothing.pools });
  expect(parse(render(drafted))).toMatchObject({ pools: [{ name: "monitoring" }, {}, {}] });
  expect(drafted.assumed.join()).toContain("no limits were found (no server answers on port 4200)");
});

test("the words above a section are comments", () => {
  expect(render(draft(screens))).toMatch(/\n\n# As it was: open to everybody .*\nserver:\n/);
});
