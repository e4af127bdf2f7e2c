import { describe, expect, test } from "vitest";
import type { PoolConfig } from "../../../src/config/config.ts";
import type { Capabilities } from "../../../src/prefect/capabilities.ts";
import {
  apiCondition,
  environmentCondition,
  poolCondition,
  settledCondition,
} from "../../../src/prefect/installation.ts";
import { type InstallationParts, prefectUnits } from "../../../src/prefect/units.ts";
import { stopWaves } from "../../../src/supervision/order.ts";
import { minutes, ms } from "../../../src/supervision/time.ts";
import { sameProcess, type UnitSpec } from "../../../src/supervision/unit-spec.ts";
import { configOf, pool, ScriptedApi, ScriptedMachine, signal } from "./given.ts";

const pools = [pool("runs", { workers: 3 }), pool("more pools")];
const newer: Capabilities = { version: "3.8.8", canLeavePoolsAlone: true };
const oldest: Capabilities = { version: "3.6.4", canLeavePoolsAlone: false };

function partsOf(changes: Partial<InstallationParts> = {}): InstallationParts {
  let port = 41_000;
  return {
    config: configOf({ pools }),
    machine: new ScriptedMachine(),
    database: { blocker: () => Promise.resolve(undefined) },
    quiesce: () => Promise.resolve(),
    runLauncher: { program: "/usr/lib/sails/libexec/flow-run", cgroup: undefined },
    serverLauncher: "/usr/lib/sails/libexec/prefect-server",
    api: new ScriptedApi(),
    program: "/opt/env/bin/prefect",
    capabilities: newer,
    hasJustAnswered: () => false,
    healthPort: () => (port += 1),
    releasePort: () => Promise.resolve(),
    now: () => ms(0),
    canWrite: async () => true,
    serverHides: () => ({ kind: "pass" }),
    whyNoEnvironment: () => undefined,
    base: { HOME: "/home/a", PATH: "/usr/bin" },
    binDirectory: "/opt/env/bin",
    auth: undefined,
    ...changes,
  };
}

const unitsOf = (changes: Partial<InstallationParts> = {}) => prefectUnits(partsOf(changes));

function unit(name: string, changes: Partial<InstallationParts> = {}): UnitSpec {
  const found = unitsOf(changes).find((each) => each.name === name);
  if (found === undefined) throw new Error(`no unit ${name}`);
  return found;
}

const names = (units: readonly UnitSpec[]) => units.map(({ name }) => name);

describe("which units there are", () => {
  test("the server, and of each pool its workers", () => {
    expect(names(unitsOf())).toEqual([
      "server",
      "worker@runs",
      "worker@runs:2",
      "worker@runs:3",
      "worker@more pools",
    ]);
  });

  test("no server where it runs elsewhere, and nothing where nothing is declared", () => {
    const server = { enabled: false };
    const prefect = { apiUrl: "http://192.0.2.7:4200/api" };
    expect(names(unitsOf({ config: configOf({ pools: [pool("a")], server, prefect }) }))).toEqual([
      "worker@a",
    ]);
    expect(unitsOf({ config: configOf({ server, prefect }) })).toEqual([]);
  });

  test("all of them tell what they are", () => {
    expect(unit("server").labels).toEqual({ role: "server" });
    const config = configOf({ pools: [pool("a", { type: "docker" })] });
    const labels = { role: "worker", pool: "a", pool_type: "docker", worker: "vm1-a" };
    expect(unit("worker@a", { config }).labels).toEqual(labels);
  });
});

describe("how a worker is stopped", () => {
  const runs = (changes: Partial<PoolConfig>) =>
    unit("worker@runs", { config: configOf({ pools: [pool("runs", changes)] }) });

  test("by SIGKILL once it has nothing in its hands: any other signal ends its runs", () => {
    const { rules, quiesce } = runs({ drainTimeout: minutes(10) });
    expect(rules.stopLadder.map((rung) => rung.signal)).toEqual(["SIGKILL"]);
    expect(rules.quiesceTimeout).toBe(minutes(11));
    expect(quiesce).toBeDefined();
  });

  test("by being asked, where its runs are not processes of this machine", () => {
    const { rules, quiesce } = runs({ type: "docker" });
    expect(rules.stopLadder.map((rung) => rung.signal)).toEqual(["SIGTERM"]);
    expect(quiesce).toBeUndefined();
  });
});

describe("the command lines", () => {
  test("the server's", () => {
    const config = configOf({ server: { host: "0.0.0.0", port: 4242 } });
    expect(unit("server", { config }).process).toMatchObject({
      command: [
        ...["/opt/env/bin/python", "/usr/lib/sails/libexec/prefect-server", "server", "start"],
        ...["--host", "0.0.0.0", "--port", "4242"],
      ],
      directory: "/var/lib/sails/cwd",
      killMode: "control-group",
    });
  });

  test("the server's, of a Prefect that was found on PATH", () => {
    const config = configOf({ environment: { path: undefined } });
    const { command } = unit("server", { config, program: "/usr/bin/prefect" }).process;
    expect(command.slice(0, 3)).toEqual(["/usr/bin/prefect", "server", "start"]);
  });

  const worker = [
    ...["/opt/env/bin/prefect", "worker", "start"],
    ...["--pool", "runs", "--type", "process", "--name", "vm1-runs-2"],
    ...["--install-policy", "never", "--with-healthcheck"],
  ];
  test.each([
    ["of 3.6.4", oldest, worker],
    ["of 3.8 and newer", newer, [...worker, "--no-create-pool-if-not-found"]],
    ["before Prefect has been asked", undefined, worker],
  ])("a worker's %s", (_, capabilities, command) => {
    expect(unit("worker@runs:2", { capabilities }).process).toMatchObject({
      command,
      directory: "/var/lib/sails/cwd",
      // Its flow runs are not ours to end.
      killMode: "process",
    });
  });

  test("a worker whose output goes to the journal is started by what knows its priorities", () => {
    const { program } = partsOf().runLauncher;
    const journal = { socket: "/run/journald", priorities: "/usr/lib/sails/priorities.py" };
    const runLauncher = { program, cgroup: undefined, journal };
    const labelled = unit("worker@runs", { runLauncher }).process.command;
    const plain = unit("worker@runs").process.command;
    const python = "/opt/env/bin/python";
    expect(labelled).toEqual([python, journal.priorities, ...plain]);
    const config = configOf({ pools, environment: { path: undefined } });
    expect(unit("worker@runs", { runLauncher, config }).process.command).toEqual(plain);
  });

  test("name the configured environment where nothing was found", () => {
    const { command } = unit("worker@runs", { program: undefined }).process;
    expect(command[0]).toBe("/opt/env/bin/prefect");
  });
});

describe("workers of one pool", () => {
  test("have names and ports of their own", () => {
    const workers = unitsOf().slice(1);
    const namesOf = workers.map(
      ({ process: { command } }) => command[command.indexOf("--name") + 1],
    );
    expect(namesOf).toEqual(["vm1-runs", "vm1-runs-2", "vm1-runs-3", "vm1-more pools"]);
    const ports = workers.map(({ process }) => process.env["PREFECT_WORKER_WEBSERVER_PORT"]);
    expect(new Set(ports).size).toBe(4);
  });

  test("ask for the port by the name of the unit", () => {
    const asked: string[] = [];
    unitsOf({ healthPort: (name) => (asked.push(name), 41_000) });
    expect(asked).toEqual(names(unitsOf()).slice(1));
  });

  test("start apart from each other only where there are many", () => {
    const spread = (workers: number) =>
      unit("worker@a", { config: configOf({ pools: [pool("a", { workers })] }) }).rules.startSpread;
    expect([1, 3, 4, 7, 13, 100].map(spread)).toEqual([0, 0, 500, 2_000, 5_000, 5_000]);
  });
});

describe("what is waited for", () => {
  test("by nobody's server", () => {
    expect(unit("server").after).toEqual([]);
  });

  test("by workers: the server, their own pool, and what Prefect can do", () => {
    const own = [poolCondition("runs"), environmentCondition, settledCondition];
    expect(unit("worker@runs").after).toEqual(["server", ...own]);
    const config = configOf({
      pools,
      server: { enabled: false },
      prefect: { apiUrl: "http://192.0.2.7/api" },
    });
    expect(unit("worker@runs:3", { config }).after).toEqual([apiCondition, ...own]);
  });

  test("by workers that start no processes here: not for those of before", () => {
    const config = configOf({ pools: [pool("runs", { type: "docker" })] });
    expect(unit("worker@runs", { config }).after).not.toContain(settledCondition);
  });

  test("so that workers are stopped before their server", () => {
    const units = unitsOf();
    expect(stopWaves(units)).toEqual([names(units).slice(1), ["server"]]);
  });
});

describe("a reload", () => {
  const changed = (before: InstallationParts, after: InstallationParts) => {
    const next = prefectUnits(after);
    return prefectUnits(before)
      .filter((one, index) => {
        const other = next[index];
        return other === undefined || !sameProcess(one, other);
      })
      .map(({ name }) => name);
  };

  test("of the same configuration restarts nothing", () => {
    expect(changed(partsOf(), partsOf())).toEqual([]);
  });

  test.each([
    ["prefect.env", { prefect: { env: { PREFECT_LOGGING_LEVEL: "DEBUG" } } }, "all"],
    ["prefect.home", { prefect: { home: "/mnt/prefect" } }, "all"],
    ["server.port", { server: { port: 4242 } }, "all"],
    ["the public address", { server: { publicUrl: "http://192.0.2.7:4200" } }, ["server"]],
    ["the database", { server: { databaseUrl: "sqlite+aiosqlite:////x.db" } }, ["server"]],
    ["the profile of people's shells", { prefect: { profile: "mine" } }, []],
    ["the web page", { web: { listen: { host: "127.0.0.1", port: 1 } } }, []],
  ] as const)("after a change of %s restarts whom it concerns", (_, change, whom) => {
    const after = partsOf({ config: configOf({ pools, ...change }) });
    expect(changed(partsOf(), after)).toEqual(whom === "all" ? names(unitsOf()) : whom);
  });

  test("a limit of a pool is Prefect's matter, no worker's", () => {
    const limited = pools.map((each) => ({ ...each, concurrencyLimit: 2 }));
    expect(changed(partsOf(), partsOf({ config: configOf({ pools: limited }) }))).toEqual([]);
  });

  test("one worker more leaves those alone that are there", () => {
    const fourth = [pool("runs", { workers: 4 }), pool("more pools")];
    const healthPort = (name: string) => 41_000 + name.length;
    const before = prefectUnits(partsOf({ healthPort }));
    const after = prefectUnits(partsOf({ healthPort, config: configOf({ pools: fourth }) }));
    const isLeftAlone = (one: UnitSpec) => after.some((other) => sameProcess(one, other));
    expect(before.filter((one) => !isLeftAlone(one))).toEqual([]);
    expect(after).toHaveLength(before.length + 1);
  });

  test("another password is another process", () => {
    expect(changed(partsOf(), partsOf({ auth: "user:other" }))).toEqual(names(unitsOf()));
  });
});

describe("how they are looked after", () => {
  const target = { unit: "x", pid: 7, startedAt: new Date(1_000) };

  test("the server by its health, and by a read of its database", async () => {
    const machine = new ScriptedMachine();
    const api = new ScriptedApi();
    const { probes, rules } = unit("server", { machine, api });
    expect(machine.probed).toEqual(["http://127.0.0.1:4200/api/health"]);
    expect(await probes.readiness?.probe(target, signal)).toEqual({ kind: "pass" });
    expect(api.calls).toEqual(["pools"]);
    const { period = 0, failureThreshold = 0 } = probes.liveness ?? {};
    // A restart of the server must not answer to less than half a minute of silence.
    expect(period * failureThreshold).toBeGreaterThanOrEqual(30_000);
    expect(rules.stopLadder.map(({ signal: sent }) => sent)).toEqual(["SIGINT"]);
    expect(rules.startTimeout).toBeGreaterThanOrEqual(120_000);
  });

  test("a worker by what the server has of it under its own name, and never killed for that alone", async () => {
    const api = new ScriptedApi();
    const { probes } = unit("worker@runs:2", { api });
    api.workers_ = [
      { name: "vm1-runs", status: "ONLINE", last_heartbeat_time: new Date(2_000) },
      { name: "vm1-runs-2", status: "ONLINE", last_heartbeat_time: new Date(500) },
    ];
    expect(await probes.startup?.probe(target, signal)).toMatchObject({ kind: "fail" });
    api.workers_ = [{ name: "vm1-runs-2", status: "ONLINE", last_heartbeat_time: new Date(2_000) }];
    expect(await probes.startup?.probe(target, signal)).toEqual({ kind: "pass" });
    expect(api.calls).toEqual(["workers runs", "workers runs"]);
    const { probe, period = 0, failureThreshold = 0, timeout = 0 } = probes.liveness ?? {};
    api.workers_ = [{ name: "vm1-runs-2", status: "OFFLINE", last_heartbeat_time: new Date(500) }];
    expect(await probe?.(target, signal)).toEqual({ kind: "pass" });
    expect(period * failureThreshold).toBeGreaterThanOrEqual(60_000);
    // Above what a question to Prefect takes: a server that is slow must not be a worker's failure.
    expect(timeout).toBeGreaterThan(10_000);
  });

  test("the words of flow runs are not taken for those of their worker", () => {
    const said = ["| Flow run 'a' - ModuleNotFoundError: No module named 'x'", "bye"];
    const exit = { kind: "exited", code: 1 } as const;
    expect(unit("worker@runs").explain(exit, said).kind).toBe("crash");
  });

  test("each looks before a start for what would make it fail", async () => {
    const machine = new ScriptedMachine();
    machine.executables.add("/opt/env/bin/prefect").add("/opt/env/bin/python");
    machine.taken.set("127.0.0.1:4200", "port 4200 is taken by nginx");
    const blockers = (name: string) => unit(name, { machine }).preflight?.(signal);
    expect(await blockers("server")).toMatchObject([{ kind: "port" }]);
    expect(await blockers("worker@runs")).toEqual([]);
  });
});
