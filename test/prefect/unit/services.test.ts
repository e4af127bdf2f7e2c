import { describe, expect, test } from "vitest";
import type { ProbeConfig, ProbeTarget, ServiceConfig } from "../../../src/config/config.ts";
import { type ServiceParts, serviceUnits } from "../../../src/services/units.ts";
import type { Probe } from "../../../src/supervision/probe.ts";
import { seconds } from "../../../src/supervision/time.ts";
import { sameProcess } from "../../../src/supervision/unit-spec.ts";

const service = (changes: Partial<ServiceConfig> = {}): ServiceConfig => ({
  name: "exporter",
  command: ["/usr/bin/exporter", "--port", "9100"],
  env: {},
  directory: "/var/lib/sails",
  after: ["server"],
  restart: "on-failure",
  restartDelay: seconds(2),
  restartMaxDelay: seconds(30),
  stableAfter: seconds(90),
  startTimeout: seconds(45),
  stopSignal: "SIGHUP",
  stopTimeout: seconds(7),
  startup: undefined,
  readiness: undefined,
  liveness: undefined,
  ...changes,
});

const probeConfig = (target: ProbeTarget, changes: Partial<ProbeConfig> = {}): ProbeConfig => ({
  target,
  period: seconds(11),
  timeout: seconds(3),
  failureThreshold: 4,
  successThreshold: 2,
  ...changes,
});

function setUp() {
  const made = new Map<ProbeTarget, Probe>();
  const base = { HOME: "/home/a", PATH: "/usr/bin", LANG: "C" };
  const parts: ServiceParts = {
    base,
    probe: (target) => {
      const probe: Probe = () => Promise.resolve({ kind: "pass" });
      made.set(target, probe);
      return probe;
    },
  };
  const unitOf = (changes: Partial<ServiceConfig> = {}) => {
    const [unit] = serviceUnits([service(changes)], parts);
    if (unit === undefined) throw new Error("no unit");
    return unit;
  };
  return { made, parts, unitOf };
}

test("a service is a unit that is run as its configuration says", () => {
  const { unitOf } = setUp();
  expect(unitOf()).toMatchObject({
    name: "service@exporter",
    labels: { role: "service" },
    after: ["server"],
    process: {
      command: ["/usr/bin/exporter", "--port", "9100"],
      directory: "/var/lib/sails",
      killMode: "control-group",
    },
    rules: {
      restart: {
        restart: "on-failure",
        delay: { initial: 2_000, max: 30_000 },
        stableAfter: 90_000,
      },
      startTimeout: 45_000,
      stopLadder: [{ signal: "SIGHUP", wait: 7_000 }],
      startSpread: 0,
    },
  });
});

test("there are as many units as services, in their order", () => {
  const { parts } = setUp();
  const services = ["b", "a", "c"].map((name) => service({ name }));
  expect(serviceUnits(services, parts).map(({ name }) => name)).toEqual([
    "service@b",
    "service@a",
    "service@c",
  ]);
  expect(serviceUnits([], parts)).toEqual([]);
});

test("its own variables stand over those that all children get", () => {
  const { unitOf } = setUp();
  expect(unitOf({ env: { LANG: "de_DE.UTF-8", TOKEN: "x" } }).process.env).toEqual({
    HOME: "/home/a",
    PATH: "/usr/bin",
    LANG: "de_DE.UTF-8",
    TOKEN: "x",
  });
});

describe("probes", () => {
  const targets = {
    startup: { kind: "tcp", host: "127.0.0.1", port: 9100 },
    readiness: { kind: "http", url: "http://127.0.0.1:9100/" },
    liveness: { kind: "command", command: ["true"] },
  } as const;

  test("there are none but those that are declared", () => {
    const { unitOf } = setUp();
    expect(unitOf().probes).toEqual({});
    const { probes } = unitOf({ liveness: probeConfig(targets.liveness) });
    expect(Object.keys(probes)).toEqual(["liveness"]);
  });

  test("each asks its own target, as often as is declared", () => {
    const { made, unitOf } = setUp();
    const { probes } = unitOf({
      startup: probeConfig(targets.startup),
      readiness: probeConfig(targets.readiness, { period: seconds(5) }),
      liveness: probeConfig(targets.liveness, { failureThreshold: 9 }),
    });
    const times = { period: 11_000, timeout: 3_000, failureThreshold: 4, successThreshold: 2 };
    expect(probes).toEqual({
      startup: { ...times, probe: made.get(targets.startup) },
      readiness: { ...times, period: 5_000, probe: made.get(targets.readiness) },
      liveness: { ...times, failureThreshold: 9, probe: made.get(targets.liveness) },
    });
  });
});

test("its end is explained without a word of Prefect", () => {
  const { unitOf } = setUp();
  const said = ["ModuleNotFoundError: No module named 'x'"];
  expect(unitOf().explain({ kind: "exited", code: 1 }, said)).toEqual({
    kind: "crash",
    summary: "exited with status 1",
    detail: said[0],
  });
});

test.each([
  ["nothing", {}, true],
  ["its probes", { liveness: probeConfig({ kind: "command", command: ["true"] }) }, true],
  ["its patience", { stopTimeout: seconds(1), restart: "no" }, true],
  ["its command", { command: ["/usr/bin/exporter"] }, false],
  ["its variables", { env: { A: "1" } }, false],
  ["its folder", { directory: "/" }, false],
] as const)("a reload that changes %s: the same process? %s", (_, changes, isSame) => {
  const { unitOf } = setUp();
  expect(sameProcess(unitOf(), unitOf(changes))).toBe(isSame);
});
