import { describe, expect, test } from "vitest";
import { serverPreflight, workerPreflight } from "../../../src/prefect/preflight.ts";
import type { Blocker } from "../../../src/supervision/unit-state.ts";
import { configOf, ScriptedMachine, signal } from "./given.ts";

const database = { blocker: (): Promise<Blocker | undefined> => Promise.resolve(undefined) };
const inEnvironment = ["/opt/env/bin/prefect", "/opt/env/bin/python"];

function setUp(executables: readonly string[] = inEnvironment) {
  const machine = new ScriptedMachine();
  for (const file of executables) machine.executables.add(file);
  const releasePort = () => Promise.resolve();
  const whyNoEnvironment = (): Blocker | undefined => undefined;
  return {
    config: configOf(),
    machine,
    program: inEnvironment[0],
    releasePort,
    database,
    whyNoEnvironment,
  };
}

describe.each([
  ["the server", serverPreflight],
  ["a worker", workerPreflight],
])("before the start of %s", (_, preflight) => {
  test("nothing is in its way", async () => {
    expect(await preflight(setUp())(signal)).toEqual([]);
  });

  test("another database lies where the last run's lay: nothing is written there", async () => {
    const notTheOne = { kind: "volume", why: "it is another" } as const;
    const parts = { ...setUp(), database: { blocker: () => Promise.resolve(notTheOne) } };
    expect(await preflight(parts)(signal)).toEqual([notTheOne]);
    expect(parts.machine.asked).toEqual(inEnvironment);
  });

  test.each(inEnvironment)("%s is missing", async (missing) => {
    const parts = setUp(inEnvironment.filter((file) => file !== missing));
    expect(await preflight(parts)(signal)).toEqual([
      {
        kind: "environment",
        why: `${missing} is not there or cannot be executed`,
        cure: "Build the Python environment again, or set environment.path to where it is",
      },
    ]);
  });

  test("the whole environment is missing: one thing to say", async () => {
    expect(await preflight(setUp([]))(signal)).toHaveLength(1);
  });

  test("without an environment, the `prefect` of PATH will do, wherever its Python is", async () => {
    const config = configOf({ environment: { path: undefined } });
    const parts = { ...setUp(["/usr/bin/prefect"]), config, program: "/usr/bin/prefect" };
    expect(await preflight(parts)(signal)).toEqual([]);
    parts.machine.executables.clear();
    expect(await preflight(parts)(signal)).toMatchObject([
      { why: "/usr/bin/prefect is not there or cannot be executed" },
    ]);
  });

  test("without an environment and without a `prefect`, it says what to set", async () => {
    const config = configOf({ environment: { path: undefined } });
    expect(await preflight({ ...setUp(), config, program: undefined })(signal)).toEqual([
      {
        kind: "environment",
        why: "no Prefect was found: environment.path is not set, and PATH has no `prefect`",
        cure: "Set environment.path to a Python environment in which Prefect is installed",
      },
    ]);
  });

  test.each(["/data/prefect", "/var/lib/sails/cwd"])("%s cannot be written to", async (folder) => {
    const parts = setUp();
    parts.machine.unwritable.set(folder, `${folder} is on a file system that is mounted read-only`);
    expect(await preflight(parts)(signal)).toEqual([
      {
        kind: "volume",
        why: `${folder} is on a file system that is mounted read-only`,
        cure: `Give the user of this daemon the right to write to ${folder}, or set another folder`,
      },
    ]);
  });

  test("several things are said at once", async () => {
    const parts = setUp([]);
    parts.machine.unwritable.set("/data/prefect", "no").set("/var/lib/sails/cwd", "no");
    const kinds = (await preflight(parts)(signal)).map(({ kind }) => kind);
    expect(kinds).toEqual(["environment", "volume", "volume"]);
  });
});

test("a port that is taken keeps the server from starting, and no worker", async () => {
  const parts = setUp();
  parts.machine.taken.set("127.0.0.1:4200", "port 4200 is taken by nginx (process 7, user www)");
  expect(await serverPreflight(parts)(signal)).toEqual([
    {
      kind: "port",
      why: "port 4200 is taken by nginx (process 7, user www)",
      cure: "Stop that program, or set server.host and server.port to an address that is free",
    },
  ]);
  expect(await workerPreflight(parts)(signal)).toEqual([]);
});

test("a port of another address is no trouble", async () => {
  const parts = setUp();
  parts.machine.taken.set("0.0.0.0:4200", "taken").set("127.0.0.1:4201", "taken");
  expect(await serverPreflight(parts)(signal)).toEqual([]);
});

test("who stands in for the server leaves before its port is looked at, for a start that can be made", async () => {
  const parts = setUp();
  const address = "127.0.0.1:4200";
  parts.machine.taken.set(address, "port 4200 is taken by ourselves");
  const releasePort = () => {
    parts.machine.taken.delete(address);
    return Promise.resolve();
  };
  parts.machine.unwritable.set("/data/prefect", "no");
  const blocked = await serverPreflight({ ...parts, releasePort })(signal);
  expect(blocked.map(({ kind }) => kind)).toEqual(["volume"]);
  expect(parts.machine.taken.has(address)).toBe(true);
  parts.machine.unwritable.clear();
  expect(await serverPreflight({ ...parts, releasePort })(signal)).toEqual([]);
});
