import { expect, test } from "vitest";
import type { Exit } from "../../src/supervision/exit.ts";
import { ms, seconds } from "../../src/supervision/time.ts";
import type { Timer, UnitEvent } from "../../src/supervision/unit-state.ts";
import { unitSpec } from "../support/unit-specs.ts";
import { Rig, wallStart } from "./rig.ts";
import { moved, ofUnit, parse } from "./scraped.ts";

const name = "worker@gpu";
const spec = unitSpec(name, { labels: { role: "worker", pool: "gpu", pool_type: "process" } });
const generation = 0;

const start: UnitEvent = { kind: "start-requested" };
const stop: UnitEvent = { kind: "stop-requested", by: "operator" };
const ready: UnitEvent = { kind: "became-ready", generation };
const unwell: UnitEvent = { kind: "liveness-lost", generation, why: "no answer within 5 s" };
const adopted: UnitEvent = { kind: "adopted", spawnedAt: ms(-100_000), spawns: 7 };
const restart = (by: "restart" | "config" | "environment"): UnitEvent => ({
  kind: "restart-requested",
  by,
});
const timer = (which: Timer): UnitEvent => ({ kind: "timed-out", generation, timer: which });
const ended = (exit: Exit): UnitEvent => ({
  kind: "ended",
  generation,
  exit,
  cause: { kind: "crash", summary: "ended" },
});
const exits = (code: number): UnitEvent => ended({ kind: "exited", code });
const killed = ended({ kind: "signaled", signal: "SIGKILL" });
const unspawned = ended({ kind: "spawn-failed", code: "ENOENT", message: "not found" });

/** `start` as the short name of `sails_unit_starts_total`, and so on. */
async function counts(rig: Rig): Promise<ReadonlyMap<string, number>> {
  const all = ofUnit(await rig.metrics.render(), name);
  const counters = [...all].filter(([series]) => /_total\b/.test(series));
  return new Map(
    counters.map(([series, n]) => [series.replace("sails_unit_", "").replace("_total", ""), n]),
  );
}

test.each<readonly [string, readonly UnitEvent[], UnitEvent, Readonly<Record<string, number>>]>([
  ["a first start", [], start, { starts: 1 }],
  ["ready", [start], ready, {}],
  [
    "an exit while it starts",
    [start],
    exits(1),
    { "exits reason=code": 1, "start_failures reason=exited": 1 },
  ],
  ["a spawn that fails", [start], unspawned, { "start_failures reason=spawn": 1 }],
  ["a start that takes too long", [start], timer("start"), { "start_failures reason=timeout": 1 }],
  ["its end", [start, timer("start")], exits(0), { "exits reason=clean": 1 }],
  [
    "the start after it",
    [start, timer("start"), exits(0)],
    timer("restart"),
    { starts: 1, "restarts reason=start_timeout": 1 },
  ],
  ["a crash", [start, ready], exits(3), { "exits reason=code": 1 }],
  [
    "the start after a crash",
    [start, ready, exits(3)],
    timer("restart"),
    { starts: 1, "restarts reason=exited": 1 },
  ],
  ["a kill from outside", [start, ready], killed, { "exits reason=signal": 1 }],
  [
    "the start after a kill",
    [start, ready, killed],
    timer("restart"),
    { starts: 1, "restarts reason=signaled": 1 },
  ],
  ["the end of an unhealthy one", [start, ready, unwell], killed, { "exits reason=signal": 1 }],
  [
    "the start after it",
    [start, ready, unwell, killed],
    timer("restart"),
    { starts: 1, "restarts reason=unhealthy": 1 },
  ],
  [
    "the operator's restart",
    [start, ready, restart("restart")],
    exits(0),
    { "exits reason=clean": 1, starts: 1, "restarts reason=manual": 1 },
  ],
  [
    "a restart for a new configuration",
    [start, ready, restart("config")],
    exits(0),
    { "exits reason=clean": 1, starts: 1, "restarts reason=config": 1 },
  ],
  [
    "a restart for a new environment",
    [start, ready, restart("environment")],
    exits(0),
    { "exits reason=clean": 1, starts: 1, "restarts reason=environment": 1 },
  ],
  [
    "a stop that is taken back",
    [start, ready, stop, start],
    exits(0),
    { "exits reason=clean": 1, starts: 1, "restarts reason=manual": 1 },
  ],
  ["a child of an earlier daemon, which is no start", [], adopted, { adoptions: 1 }],
  [
    "its end, of which nothing more is known, and which is no failed start",
    [adopted],
    ended({ kind: "unknown" }),
    { "exits reason=unknown": 1 },
  ],
  [
    "the start after it",
    [adopted, ended({ kind: "unknown" })],
    timer("restart"),
    { starts: 1, "restarts reason=exited": 1 },
  ],
  ["a stop", [start, ready, stop], exits(0), { "exits reason=clean": 1 }],
  [
    "a start after a stop, which is no restart",
    [start, ready, stop, exits(0)],
    start,
    { starts: 1 },
  ],
  ["a start after a crash and a stop", [start, ready, exits(1), stop], start, { starts: 1 }],
  ["a stop that is called off as it starts", [start], stop, {}],
  ["its end, which is no failed start", [start, stop], exits(1), { "exits reason=code": 1 }],
  ["SIGKILL after the grace period", [start, ready, stop], timer("stop"), { kills: 1 }],
  ["SIGKILL again", [start, ready, stop, timer("stop")], timer("stop"), {}],
  ["a timer of the past", [start, ready], timer("restart"), {}],
])("%s", async (_, before, event, expected) => {
  const rig = new Rig();
  rig.declare([spec]);
  for (const earlier of before) rig.send(name, earlier);
  const first = await counts(rig);
  rig.send(name, event);
  expect(moved(first, await counts(rig))).toEqual(expected);
});

test("the breaker is counted when it opens, not when its trial fails", async () => {
  const rig = new Rig();
  rig.declare([spec]);
  rig.send(name, start);
  const openings: (number | undefined)[] = [];
  for (let death = 1; death <= 7; death += 1) {
    rig.now += 1_000;
    rig.send(name, exits(1));
    openings.push((await counts(rig)).get("breaker_openings"));
    rig.send(name, timer("restart"));
  }
  expect(openings).toEqual([0, 0, 0, 0, 1, 1, 1]);
});

test("every count of a declared unit begins at 0, before anything has happened", async () => {
  const rig = new Rig();
  rig.declare([spec]);
  const all = await counts(rig);
  expect([...all.values()].every((value) => value === 0)).toBe(true);
  const reasons = (count: string) =>
    [...all.keys()]
      .filter((series) => series.startsWith(`${count} `))
      .map((series) => series.split("=")[1]);
  expect([...new Set([...all.keys()].map((series) => series.replace(/ .*/, "")))]).toEqual([
    "starts",
    "start_failures",
    "restarts",
    "exits",
    "breaker_openings",
    "adoptions",
    "adoption_failures",
    "kills",
    "oom_kills",
    "health_checks",
    "health_check_failures",
    "cpu_seconds",
    "hot_restarts",
  ]);
  expect(reasons("start_failures")).toEqual(["spawn", "exited", "timeout"]);
  expect(reasons("exits")).toEqual(["clean", "code", "signal", "oom", "unknown"]);
  expect(reasons("cpu_seconds")).toEqual(["user", "system"]);
});

test("liveness alone is counted as health checks", async () => {
  const rig = new Rig();
  rig.declare([spec]);
  const { observer } = rig.metrics;
  const unit = rig.unit(name);
  observer.probed(unit, "liveness", { kind: "pass" });
  observer.probed(unit, "liveness", { kind: "fail", why: "no answer within 5 s" });
  observer.probed(unit, "liveness", { kind: "fail", why: "what nobody has thought of" });
  observer.probed(unit, "liveness", { kind: "unknown", why: "out of file descriptors" });
  observer.probed(unit, "readiness", { kind: "fail", why: "no answer within 5 s" });
  observer.probed(unit, "startup", { kind: "pass" });
  expect(moved(new Map(), await counts(rig))).toEqual({
    health_checks: 3,
    "health_check_failures reason=timeout": 1,
    "health_check_failures reason=other": 1,
  });
});

test("a hot restart is counted for its worker, and its length by role", async () => {
  const rig = new Rig();
  rig.declare([spec]);
  rig.metrics.hotRestarted(name, 3);
  rig.metrics.hotRestarted("worker@gone", 3);
  const text = await rig.metrics.render();
  expect(ofUnit(text, name).get("sails_unit_hot_restarts_total")).toBe(1);
  expect(text).not.toContain("worker@gone");
  const durations = parse(text);
  const bucket = (le: string) =>
    durations.get(`sails_unit_hot_restart_duration_seconds_bucket{le="${le}",role="worker"}`);
  expect([bucket("2.5"), bucket("5")]).toEqual([0, 1]);
});

test("how long it took to be ready and to go is kept by role", async () => {
  const rig = new Rig();
  rig.declare([spec]);
  const zero = parse(await rig.metrics.render());
  rig.send(name, start);
  rig.now = seconds(4);
  rig.send(name, ready);
  rig.send(name, stop);
  rig.now = seconds(6);
  rig.send(name, exits(0));
  const changes = moved(zero, parse(await rig.metrics.render()));
  const durations = Object.entries(changes).filter(([series]) =>
    /duration.*_(sum|count)/.test(series),
  );
  expect(Object.fromEntries(durations)).toEqual({
    'sails_unit_startup_duration_seconds_sum{role="worker"}': 4,
    'sails_unit_startup_duration_seconds_count{role="worker"}': 1,
    'sails_unit_stop_duration_seconds_sum{role="worker"}': 2,
    'sails_unit_stop_duration_seconds_count{role="worker"}': 1,
  });
});

test("the last exit is told once there has been one, as a shell tells it", async () => {
  const rig = new Rig();
  rig.declare([spec]);
  rig.send(name, start);
  const last = async () => {
    const all = ofUnit(await rig.metrics.render(), name);
    return [
      all.get("sails_unit_last_exit_code"),
      all.get("sails_unit_last_exit_timestamp_seconds"),
    ];
  };
  rig.send(name, unspawned);
  expect(await last()).toEqual([undefined, undefined]);
  rig.send(name, timer("restart"));
  rig.now = seconds(7);
  rig.send(name, killed);
  expect(await last()).toEqual([137, wallStart + 7]);
});

test("a child of an earlier daemon is said to be that, until one of ours follows", async () => {
  const rig = new Rig();
  rig.declare([spec]);
  const told = async () => {
    const all = ofUnit(await rig.metrics.render(), name);
    const of = (family: string) => all.get(`sails_unit_${family}`);
    return [of("adopted"), of("start_time_seconds"), of("last_exit_code")];
  };
  expect(await told()).toEqual([0, undefined, undefined]);
  rig.send(name, adopted);
  expect(await told()).toEqual([1, wallStart - 100, undefined]);
  rig.send(name, ready);
  const metrics = await rig.metrics.render();
  expect(metrics, "when it became ready, nobody has seen").toContain(
    'sails_unit_startup_duration_seconds_count{role="worker"} 0',
  );
  rig.send(name, exits(3));
  expect(await told()).toEqual([0, undefined, 3]);
  rig.send(name, timer("restart"));
  expect(await told()).toEqual([0, wallStart, 3]);
  rig.send(name, ended({ kind: "unknown" }));
  expect((await told())[2], "the code of an exit before it would be taken for its own").toBe(
    undefined,
  );
});

test("a process that was not taken over is counted by the reason", async () => {
  const rig = new Rig();
  rig.declare([spec]);
  rig.metrics.notAdopted(name, "pid_reused");
  rig.metrics.notAdopted("service@undeclared", "gone");
  expect((await counts(rig)).get("adoption_failures reason=pid_reused")).toBe(1);
  expect(await rig.metrics.render()).not.toContain("undeclared");
});

test("the time of a stop begins with its signal", async () => {
  const rig = new Rig();
  rig.declare([{ ...spec, quiesce: () => Promise.resolve() }]);
  for (const event of [start, ready, stop]) rig.send(name, event);
  rig.now = seconds(20);
  rig.send(name, { kind: "quiesced", generation });
  rig.now = seconds(22);
  rig.send(name, exits(0));
  expect(await rig.metrics.render()).toContain(
    'sails_unit_stop_duration_seconds_sum{role="worker"} 2',
  );
});

test("a kill from outside while the kernel is out of memory is one for memory; ours is not", async () => {
  const rig = new Rig();
  rig.declare([unitSpec(name)]);
  rig.isOutOfMemory = true;
  for (const event of [start, ready]) rig.send(name, event);
  const before = await counts(rig);
  rig.send(name, killed);
  const after = await counts(rig);
  expect(moved(before, after)).toEqual({ "exits reason=oom": 1, oom_kills: 1 });
  for (const event of [timer("restart"), ready, stop, killed]) rig.send(name, event);
  const later = moved(after, await counts(rig));
  expect(later).toEqual({ starts: 1, "restarts reason=oom": 1, "exits reason=signal": 1 });
});
