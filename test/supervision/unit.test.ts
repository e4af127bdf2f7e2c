/**
 * Every phase against every event. A pair that is not listed changes neither the phase nor
 * anything outside: the reducer gives no command for it.
 */
import { describe, expect, test } from "vitest";
import { describeExit } from "../../src/supervision/exit.ts";
import { minutes, ms, seconds } from "../../src/supervision/time.ts";
import { transition } from "../../src/supervision/unit.ts";
import { initial, type UnitState } from "../../src/supervision/unit-state.ts";
import { rules } from "../support/unit-specs.ts";
import { events, outcome, phases, stepFor } from "../support/unit-table.ts";

const table: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  down: {
    "start-requested": "starting spawn arm:start:60000",
    "start-requested, deferred": "waiting disarm",
    "stop-requested": "*",
    "stop-requested by shutdown": "*",
    "restart-requested by operator": "starting spawn arm:start:60000",
    "restart-requested by config": "*",
    adopted: "starting adopt arm:start:60000",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "*",
  },
  waiting: {
    "start-requested": "starting spawn arm:start:60000",
    "start-requested, deferred": "starting spawn arm:start:60000",
    "stop-requested": "down disarm",
    "stop-requested by shutdown": "down disarm",
    "restart-requested by operator": "starting spawn arm:start:60000",
    "restart-requested by config": "starting spawn arm:start:60000",
    adopted: "starting adopt arm:start:60000",
    "conditions-changed, unmet": "* disarm",
    "conditions-changed, met": "starting spawn arm:start:60000",
    "preflight-done, clear": "starting spawn arm:start:60000",
    "preflight-done, blocked": "* arm:recheck:2000",
    "timed-out: recheck": "starting spawn arm:start:60000",
  },
  starting: {
    "start-requested": "*",
    "start-requested, deferred": "*",
    "stop-requested": "stopping SIGTERM arm:stop:10000",
    "stop-requested by shutdown": "stopping SIGTERM arm:stop:10000",
    "restart-requested by operator": "stopping SIGTERM arm:stop:10000",
    "restart-requested by config": "stopping SIGTERM arm:stop:10000",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "*",
    "became-ready": "running arm:proven:30000",
    "timed-out: start": "stopping SIGTERM arm:stop:10000",
    ended: "backing-off arm:restart:500",
  },
  running: {
    "start-requested": "*",
    "start-requested, deferred": "*",
    "stop-requested": "stopping SIGTERM arm:stop:10000",
    "stop-requested by shutdown": "stopping SIGTERM arm:stop:10000",
    "restart-requested by operator": "stopping SIGTERM arm:stop:10000",
    "restart-requested by config": "stopping SIGTERM arm:stop:10000",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "*",
    "became-ready": "*",
    "became-unready": "*",
    "liveness-lost": "stopping SIGTERM arm:stop:10000",
    "timed-out: proven": "* arm:forget:570000",
    "timed-out: forget": "*",
    ended: "backing-off arm:restart:500",
  },
  "stopping, to stay down": {
    "start-requested": "*",
    "start-requested, deferred": "*",
    "stop-requested": "*",
    "stop-requested by shutdown": "*",
    "restart-requested by operator": "*",
    "restart-requested by config": "*",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "*",
    "timed-out: stop": "* kill arm:stop:5000",
    ended: "down disarm",
  },
  "stopping, to start again": {
    "start-requested": "*",
    "start-requested, deferred": "*",
    "stop-requested": "*",
    "stop-requested by shutdown": "*",
    "restart-requested by operator": "*",
    "restart-requested by config": "*",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "*",
    "timed-out: stop": "* kill arm:stop:5000",
    ended: "starting spawn arm:start:60000",
  },
  "stopping, unhealthy": {
    "start-requested": "*",
    "start-requested, deferred": "*",
    "stop-requested": "*",
    "stop-requested by shutdown": "*",
    "restart-requested by operator": "*",
    "restart-requested by config": "*",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "*",
    "timed-out: stop": "* kill arm:stop:5000",
    ended: "backing-off arm:restart:500",
  },
  "quiescing, to stay down": {
    "start-requested": "*",
    "start-requested, deferred": "*",
    "stop-requested": "* SIGTERM arm:stop:10000",
    "stop-requested by shutdown": "* SIGTERM arm:stop:10000",
    "restart-requested by operator": "*",
    "restart-requested by config": "*",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "*",
    quiesced: "* SIGTERM arm:stop:10000",
    "timed-out: quiesce": "* SIGTERM arm:stop:10000",
    ended: "down disarm",
  },
  "quiescing, to start again": {
    "start-requested": "*",
    "start-requested, deferred": "*",
    "stop-requested": "*",
    "stop-requested by shutdown": "* SIGTERM arm:stop:10000",
    "restart-requested by operator": "*",
    "restart-requested by config": "*",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "*",
    quiesced: "* SIGTERM arm:stop:10000",
    "timed-out: quiesce": "* SIGTERM arm:stop:10000",
    ended: "starting spawn arm:start:60000",
  },
  "backing-off": {
    "start-requested": "starting spawn arm:start:60000",
    "start-requested, deferred": "starting spawn arm:start:60000",
    "stop-requested": "down disarm",
    "stop-requested by shutdown": "down disarm",
    "restart-requested by operator": "starting spawn arm:start:60000",
    "restart-requested by config": "starting spawn arm:start:60000",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "starting spawn arm:start:60000",
    "timed-out: restart": "starting spawn arm:start:60000",
  },
  broken: {
    "start-requested": "starting spawn arm:start:60000",
    "start-requested, deferred": "starting spawn arm:start:60000",
    "stop-requested": "down disarm",
    "stop-requested by shutdown": "down disarm",
    "restart-requested by operator": "starting spawn arm:start:60000",
    "restart-requested by config": "starting spawn arm:start:60000",
    "conditions-changed, unmet": "*",
    "conditions-changed, met": "starting spawn arm:start:60000",
    "timed-out: restart": "starting spawn arm:start:60000",
  },
};

const pairs = Object.keys(phases).flatMap((phase) =>
  Object.keys(events).map((event) => [phase, event] as const),
);

test.each(pairs)("%s, %s", (phase, event) => {
  expect(outcome(phase, event)).toBe(table[phase]?.[event] ?? ".");
});

test.each(pairs)("%s, %s, about an earlier child: nothing", (phase, event) => {
  const [state] = stepFor(phase, event);
  const stale = events[event];
  if (stale === undefined || !("generation" in stale)) return;
  const later = { ...state, generation: state.generation + 1 };
  const moment = { now: ms(500), dice: 0 };
  expect(transition({ ...rules, hasPreflight: true }, later, stale, moment)).toEqual([later, []]);
});

test.each(pairs)("%s, %s: desired changes by the operator's word alone", (phase, event) => {
  const [from, [to]] = stepFor(phase, event);
  const isWord = /^(start|stop|restart)-requested/.test(event);
  // What is adopted was wanted by the daemon before; where nothing is adopted, nothing changes.
  const isAdoption = event === "adopted" && to.isAdopted;
  if (!isWord && !isAdoption) expect(to.desired).toBe(from.desired);
  if (event.startsWith("start-requested") || event === "restart-requested by operator") {
    expect(to.desired).toBe("up");
  }
  if (isAdoption) expect(to.desired).toBe("up");
  if (event.startsWith("stop-requested")) expect(to.desired).toBe("down");
  if (event === "restart-requested by config") expect(to.desired).toBe(from.desired);
});

const moment = { now: ms(1_000), dice: 0.5 };
const started = { kind: "start-requested" } as const;

test("a preflight comes before the spawn, and what it finds is looked at again", () => {
  const withPreflight = { ...rules, hasPreflight: true };
  const [checking, first] = transition(withPreflight, initial, started, moment);
  expect(checking.phase.kind).toBe("waiting");
  expect(first.at(-1)).toEqual({ kind: "preflight", generation: 1 });

  const taken = { kind: "port", why: "port 4200 is taken by nginx" } as const;
  const found = { kind: "preflight-done", generation: 1, blockers: [taken] } as const;
  const [held, then] = transition(withPreflight, checking, found, moment);
  expect(held.phase).toMatchObject({ kind: "waiting", blockers: [taken] });
  expect(then).toEqual([{ kind: "arm-timer", generation: 1, timer: "recheck", after: 2_000 }]);

  const due = { kind: "timed-out", generation: 1, timer: "recheck" } as const;
  const [again, asked] = transition(withPreflight, held, due, moment);
  expect(again.phase, "keeps the reason while it looks again").toMatchObject({ blockers: [taken] });
  expect(asked.at(-1)).toEqual({ kind: "preflight", generation: 2 });
});

test("a start waits for its conditions, and starts are spread when they come back", () => {
  const spread = { ...rules, hasPreflight: false, startSpread: ms(5_000) };
  const unmet = [{ kind: "dependency", why: "server is starting" } as const];
  const [held] = transition(spread, { ...initial, unmet }, started, moment);
  expect(held.phase).toMatchObject({ kind: "waiting", blockers: unmet });
  const met = { kind: "conditions-changed", unmet: [] } as const;
  const [, commands] = transition(spread, held, met, moment);
  expect(commands).toEqual([{ kind: "arm-timer", generation: 2, timer: "recheck", after: 2_500 }]);
});

test("a death while a condition is not met is not counted, and waits for the condition", () => {
  const [running] = stepFor("running", "ended");
  const unmet = [{ kind: "dependency", why: "server is down" } as const];
  const ended = events["ended"];
  if (ended === undefined) throw new Error("the table has lost its event");
  const bare = { ...rules, hasPreflight: false };
  const [held] = transition(bare, { ...running, unmet }, ended, moment);
  expect(held.phase).toMatchObject({ kind: "waiting", blockers: unmet });
  expect(held.history).toEqual(running.history);
  expect(held.lastDeath?.cause.kind).toBe("dependency");
});

test("the operator's word forgets what went before", () => {
  const [broken] = stepFor("broken", "start-requested");
  const marked = { deaths: [ms(1)], failures: 5, breaker: "open" } as const;
  const bare = { ...rules, hasPreflight: false };
  const [fresh] = transition(bare, { ...broken, history: marked }, started, moment);
  expect(fresh.history).toEqual({ deaths: [], failures: 0, breaker: "closed" });
});

test("a trial of an open breaker closes it by proving itself, and opens it again by dying", () => {
  const [broken] = stepFor("broken", "timed-out: restart");
  const bare = { ...rules, hasPreflight: false };
  const open = { deaths: [], failures: 6, breaker: "open" } as const;
  const due = { kind: "timed-out", generation: 1, timer: "restart" } as const;
  const [trial] = transition(bare, { ...broken, history: open }, due, moment);
  expect(trial.history.breaker).toBe("half-open");

  const generation = trial.generation;
  const [up] = transition(bare, trial, { kind: "became-ready", generation }, moment);
  const proven = { kind: "timed-out", generation, timer: "proven" } as const;
  expect(transition(bare, up, proven, moment)[0].history.breaker).toBe("closed");

  const ended = events["ended"];
  if (ended?.kind !== "ended") throw new Error("the table has lost its event");
  const died = { ...ended, generation };
  expect(transition(bare, up, died, moment)[0].phase.kind).toBe("broken");
});

test("the ladder is climbed rung by rung, then everything is killed, again and again", () => {
  const ladder = {
    ...rules,
    hasPreflight: false,
    stopLadder: [
      { signal: "SIGINT", wait: ms(10) },
      { signal: "SIGTERM", wait: ms(20) },
    ],
  } as const;
  const [running] = stepFor("running", "stop-requested");
  let [state, commands] = transition(
    ladder,
    running,
    { kind: "stop-requested", by: "operator" },
    moment,
  );
  const said = [commands[0]];
  for (let i = 0; i < 3; i += 1) {
    const late = { kind: "timed-out", generation: 1, timer: "stop" } as const;
    [state, commands] = transition(ladder, state, late, moment);
    said.push(commands[0]);
  }
  expect(said).toEqual([
    { kind: "signal", signal: "SIGINT" },
    { kind: "signal", signal: "SIGTERM" },
    { kind: "kill" },
    { kind: "kill" },
  ]);
});

test("a service that may finish stays down, and is no longer wanted", () => {
  const [running] = stepFor("running", "ended");
  const oneShot = { ...rules.restart, restart: "on-failure" } as const;
  const done = {
    kind: "ended",
    generation: 1,
    exit: { kind: "exited", code: 0 },
    cause: { kind: "crash", summary: "exited with status 0" },
  } as const;
  const [down] = transition(
    { ...rules, restart: oneShot, hasPreflight: false },
    running,
    done,
    moment,
  );
  expect(down).toMatchObject({ desired: "down", phase: { kind: "down", why: "finished" } });
});

test("a stop of ours counts as a failure even if the child then exits with status 0", () => {
  const [unhealthy] = stepFor("stopping, unhealthy", "ended");
  const onFailure = { ...rules.restart, restart: "on-failure" } as const;
  const clean = {
    kind: "ended",
    generation: 1,
    exit: { kind: "exited", code: 0 },
    cause: { kind: "crash", summary: "exited with status 0" },
  } as const;
  const [next] = transition(
    { ...rules, restart: onFailure, hasPreflight: false },
    unhealthy,
    clean,
    moment,
  );
  expect(next.phase.kind).toBe("backing-off");
  expect(next.lastDeath?.cause.summary).toBe("does not answer");
});

describe("a child of an earlier daemon", () => {
  const patient = { ...rules, startTimeout: minutes(10), hasPreflight: true };
  const adopt = (spawnedAt: number, state: UnitState = initial) =>
    transition(
      patient,
      state,
      { kind: "adopted", spawnedAt: ms(spawnedAt), spawns: 7 },
      { now: ms(1_000), dice: 0.5 },
    );

  test("is looked after as it is: nothing is spawned, and its count goes on", () => {
    const [state, commands] = adopt(minutes(-9));
    expect(state).toMatchObject({ desired: "up", generation: 1, spawns: 7, isAdopted: true });
    const until = minutes(1) + 1_000;
    expect(state.phase).toEqual({ kind: "starting", spawnedAt: minutes(-9), until });
    expect(commands.map(({ kind }) => kind)).toEqual(["adopt", "arm-timer"]);
  });

  test.each([
    ["has what is left of its time to become ready", minutes(-4), minutes(6) - 1_000],
    [
      "has a minute to show that it is ready, for it may long have been so",
      minutes(-9_000),
      60_000,
    ],
    ["has no more than a new one of its kind", 1_000, minutes(10)],
  ])("%s", (_, spawnedAt, after) => {
    const [, commands] = adopt(spawnedAt);
    expect(commands.at(-1)).toEqual({ kind: "arm-timer", generation: 1, timer: "start", after });
  });

  test("is not judged while what it needs is away, and has all its time once that is back", () => {
    const unmet = [{ kind: "dependency", why: "server is starting" } as const];
    const [adopted] = adopt(minutes(-9_000), { ...initial, unmet });
    const late = { kind: "timed-out", generation: 1, timer: "start" } as const;
    const start = { kind: "arm-timer", generation: 1, timer: "start" } as const;
    const later = { now: minutes(20), dice: 0.5 };
    expect(transition(patient, adopted, late, later)).toEqual([
      adopted,
      [{ ...start, after: minutes(10) }],
    ]);
    const met = { kind: "conditions-changed", unmet: [] } as const;
    const [patientAgain] = transition(patient, adopted, met, { ...later, now: minutes(29) });
    const due = { ...later, now: minutes(30) };
    expect(transition(patient, patientAgain, late, due)).toEqual([
      patientAgain,
      [{ ...start, after: minutes(9) }],
    ]);
    const [stopped] = transition(patient, patientAgain, late, { ...later, now: minutes(39) });
    expect(stopped.phase.kind).toBe("stopping");
  });

  test("that has ended is followed by one of ours", () => {
    const [adopted] = adopt(minutes(-9));
    const exit = { kind: "unknown" } as const;
    const cause = { kind: "crash", summary: describeExit(exit) } as const;
    const ended = { kind: "ended", generation: 1, exit, cause } as const;
    const [dead] = transition(patient, adopted, ended, moment);
    expect(dead.phase.kind).toBe("backing-off");
    const due = { kind: "timed-out", generation: 1, timer: "restart" } as const;
    const [next] = transition({ ...patient, hasPreflight: false }, dead, due, moment);
    expect(next).toMatchObject({ spawns: 8, isAdopted: false });
  });
});

describe("coming to rest before a stop", () => {
  const quiet = { ...rules, hasPreflight: false, quiesceTimeout: seconds(30) };
  const orders = {
    "stop-requested": "operator",
    "restart-requested by operator": "restart",
    "restart-requested by config": "config",
  } as const;

  test.each(
    (["starting", "running"] as const).flatMap((phase) =>
      (Object.keys(orders) as (keyof typeof orders)[]).map((order) => [phase, order] as const),
    ),
  )("%s, %s: is asked first", (phase, order) => {
    const [state] = stepFor(phase, order);
    const event = events[order];
    if (event === undefined) throw new Error("the table has lost its event");
    const [next, commands] = transition(quiet, state, event, moment);
    expect(next.phase).toMatchObject({ kind: "stopping", isQuiescing: true });
    expect(commands).toEqual([
      { kind: "quiesce", generation: 1, cause: orders[order] },
      { kind: "arm-timer", generation: 1, timer: "quiesce", after: 30_000 },
    ]);
  });

  test.each([
    ["starting", "stop-requested by shutdown"],
    ["running", "stop-requested by shutdown"],
    ["running", "liveness-lost"],
    ["starting", "timed-out: start"],
  ])("%s, %s: is signalled at once", (phase, name) => {
    const [state] = stepFor(phase, name);
    const event = events[name];
    if (event === undefined) throw new Error("the table has lost its event");
    const [next, commands] = transition(quiet, state, event, moment);
    expect(next.phase).toMatchObject({ kind: "stopping", isQuiescing: false });
    expect(commands[0]).toEqual({ kind: "signal", signal: "SIGTERM" });
  });

  test("a restart that becomes a stop goes on coming to rest; the second stop cuts it short", () => {
    const stop = { kind: "stop-requested", by: "operator" } as const;
    const [restarting] = stepFor("quiescing, to start again", "stop-requested");
    const [stopping, none] = transition(quiet, restarting, stop, moment);
    expect(stopping.phase).toMatchObject({ isQuiescing: true, cause: { kind: "operator" } });
    expect(none).toEqual([]);
    const [, commands] = transition(quiet, stopping, stop, moment);
    expect(commands[0]).toEqual({ kind: "signal", signal: "SIGTERM" });
  });
});
