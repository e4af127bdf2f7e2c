import { describe, expect, test } from "vitest";
import { describe as say } from "../../src/supervision/describe.ts";
import type { Adoptable } from "../../src/supervision/ports.ts";
import type { Verdict } from "../../src/supervision/probe.ts";
import { Supervisor } from "../../src/supervision/supervisor.ts";
import { ms, seconds } from "../../src/supervision/time.ts";
import type { UnitSpec } from "../../src/supervision/unit-spec.ts";
import type { UnitEvent } from "../../src/supervision/unit-state.ts";
import { ScriptedLauncher } from "../support/scripted-launcher.ts";
import { unitSpec } from "../support/unit-specs.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

function setUp(specs: readonly UnitSpec[]) {
  const clock = new VirtualClock();
  const launcher = new ScriptedLauncher();
  const seen: string[] = [];
  const supervisor = new Supervisor({
    clock,
    launcher,
    dice: () => 0.5,
    observer: {
      transition: (unit, from, event: UnitEvent) =>
        seen.push(
          `${unit.spec.name}: ${from.phase.kind} -${event.kind}-> ${unit.state.phase.kind}`,
        ),
      probed: () => undefined,
    },
  });
  const declare = (next: readonly UnitSpec[]) => supervisor.declare(next, () => true);
  declare(specs);
  const shown = (name: string) => {
    const unit = supervisor.units.find(({ spec }) => spec.name === name);
    if (unit === undefined) throw new Error(`no unit ${name}`);
    return say(unit, clock.now());
  };
  return { clock, launcher, seen, supervisor, declare, shown };
}

/** A probe that answers what the test says. */
function switchboard() {
  let verdict: Verdict = { kind: "fail", why: "not yet" };
  const spec = {
    probe: () => Promise.resolve(verdict),
    period: seconds(1),
    timeout: seconds(1),
    failureThreshold: 3,
    successThreshold: 1,
  };
  return { spec, answer: (next: Verdict) => (verdict = next) };
}

const crash = { kind: "exited", code: 1 } as const;

describe("order", () => {
  test("a unit starts when all that it waits for is ready, and says until then what is missing", async () => {
    const readiness = switchboard();
    const { clock, launcher, supervisor, shown } = setUp([
      unitSpec("worker@a", { after: ["server", "pool a"] }),
      unitSpec("server", { probes: { readiness: readiness.spec } }),
    ]);
    await clock.advance(0);
    expect(launcher.children.map(({ unit }) => unit)).toEqual(["server"]);
    expect(shown("worker@a")).toMatchObject({
      state: "waiting",
      code: "dependency",
      reason: "server is starting; pool a is not there yet",
    });

    readiness.answer({ kind: "pass" });
    await clock.advance(1_000);
    expect(shown("worker@a").reason).toBe("pool a is not there yet");
    supervisor.setCondition("pool a", undefined);
    await clock.advance(0);
    expect(shown("worker@a").state).toBe("running");
  });

  test("what runs is left alone when what it waited for goes away", async () => {
    const { clock, launcher, shown } = setUp([
      unitSpec("server"),
      unitSpec("worker@a", { after: ["server"] }),
    ]);
    await clock.advance(0);
    launcher.of("server")[0]?.end(crash);
    await clock.advance(0);
    expect(shown("worker@a").state).toBe("running");
    expect(launcher.of("worker@a")[0]?.signals).toEqual([]);
  });

  test("a death while the dependency is away is not counted, and its return starts the unit at once", async () => {
    const { clock, launcher, shown } = setUp([
      unitSpec("server"),
      unitSpec("worker@a", { after: ["server"] }),
    ]);
    for (let i = 0; i < 8; i += 1) {
      await clock.advance(61_000);
      launcher.living("server")[0]?.end(crash);
      launcher.living("worker@a")[0]?.end(crash);
      await clock.advance(0);
    }
    expect(shown("worker@a").state).toBe("running");
    expect(launcher.of("worker@a")).toHaveLength(9);
  });

  test("all stop in the opposite order, each wave after the one before", async () => {
    const { clock, launcher, seen, supervisor } = setUp([
      unitSpec("server"),
      unitSpec("worker@a", { after: ["server"] }),
      unitSpec("worker@b", { after: ["server"] }),
    ]);
    launcher.deaf.add("worker@b");
    await clock.advance(0);
    let isDone = false;
    void supervisor.stopAll().then(() => (isDone = true));
    await clock.advance(9_999);
    expect(launcher.living("worker@a")).toEqual([]);
    expect(launcher.living("worker@b")).toHaveLength(1);
    expect(launcher.of("server")[0]?.signals).toEqual([]);
    await clock.advance(1);
    expect(launcher.living("worker@b")).toEqual([]);
    expect(isDone).toBe(true);
    const ends = seen.filter((line) => line.endsWith("-ended-> down"));
    expect(ends.at(-1)).toMatch(/^server/);
  });

  test("a deaf child is killed when its patience is over", async () => {
    const { clock, launcher, supervisor } = setUp([unitSpec("a")]);
    launcher.deaf.add("a");
    supervisor.stop("a");
    await clock.advance(0);
    supervisor.start("a");
    await clock.advance(0);
    const deaf = launcher.living("a")[0];
    supervisor.stop("a");
    await clock.advance(9_999);
    expect(deaf?.signals).toEqual(["SIGTERM"]);
    await clock.advance(1);
    expect(deaf?.signals).toEqual(["SIGTERM", "kill"]);
  });

  test("nothing starts while all stops, whatever dies or is asked for", async () => {
    const { clock, launcher, supervisor, declare } = setUp([]);
    launcher.deaf.add("server");
    declare([unitSpec("server"), unitSpec("worker@a", { after: ["server"] }), unitSpec("b")]);
    await clock.advance(0);
    launcher.of("b")[0]?.end(crash);
    await clock.advance(0);
    const stopped = supervisor.stopAll();
    await clock.advance(1_000);
    expect(launcher.living("worker@a"), "the first wave is gone, the server is deaf").toEqual([]);
    supervisor.start("worker@a");
    supervisor.restart("worker@a", "restart");
    supervisor.restart("b", "restart");
    declare([unitSpec("server"), unitSpec("new")]);
    await clock.advance(600_000);
    await stopped;
    expect(launcher.children.filter(({ isAlive }) => isAlive)).toEqual([]);
    expect(launcher.children).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });
});

test("many start in batches, and one that is stopped before its turn does not start", async () => {
  const names = Array.from({ length: 100 }, (_, i) => `u${i}`);
  const { clock, launcher, supervisor, shown } = setUp(names.map((name) => unitSpec(name)));
  expect(launcher.children).toHaveLength(20);
  const all = supervisor.units;
  expect(all.every(({ state }) => state.desired === "up")).toBe(true);
  expect(shown("u99").state).toBe("waiting");
  supervisor.stop("u99");
  supervisor.start("u98");
  await clock.advance(0);
  expect(launcher.children).toHaveLength(99);
  expect(shown("u99").state).toBe("stopped");
  expect(launcher.of("u98")).toHaveLength(1);
});

describe("probes", () => {
  test("readiness comes and goes without a restart", async () => {
    const readiness = switchboard();
    const { clock, launcher, shown } = setUp([
      unitSpec("a", { probes: { readiness: readiness.spec } }),
    ]);
    readiness.answer({ kind: "pass" });
    await clock.advance(1_000);
    expect(shown("a").code).toBe("wanted");
    readiness.answer({ kind: "fail", why: "the database is locked" });
    await clock.advance(2_000);
    expect(shown("a").code).toBe("wanted");
    await clock.advance(1_000);
    expect(shown("a").reason).toBe("runs but is not ready: the database is locked");
    readiness.answer({ kind: "pass" });
    await clock.advance(1_000);
    expect(shown("a").code).toBe("wanted");
    expect(launcher.children).toHaveLength(1);
  });

  test("liveness lost restarts, and the probe leaves the child alone while it is being stopped", async () => {
    const liveness = switchboard();
    liveness.answer({ kind: "pass" });
    let asked = 0;
    const counting = {
      ...liveness.spec,
      probe: () => {
        asked += 1;
        return liveness.spec.probe();
      },
    };
    const { clock, launcher, shown } = setUp([unitSpec("a", { probes: { liveness: counting } })]);
    launcher.deaf.add("a");
    launcher.children[0]?.end(crash);
    await clock.advance(1_000);
    liveness.answer({ kind: "fail", why: "no answer" });
    await clock.advance(3_000);
    expect(shown("a")).toMatchObject({ state: "stopping", reason: "restarted: no answer" });
    const before = asked;
    await clock.advance(9_000);
    expect(asked).toBe(before);
    liveness.answer({ kind: "pass" });
    await clock.advance(5_000);
    expect(shown("a")).toMatchObject({ state: "running" });
    expect(launcher.living("a")).toHaveLength(1);
  });

  test("a probe that hangs is a failure, one that throws says nothing", async () => {
    const hang = switchboard();
    const never = () => new Promise<Verdict>(() => undefined);
    const { clock, shown } = setUp([
      unitSpec("hangs", { probes: { liveness: { ...hang.spec, probe: never } } }),
      unitSpec("throws", {
        probes: { liveness: { ...hang.spec, probe: () => Promise.reject(new Error("EMFILE")) } },
      }),
    ]);
    await clock.advance(6_500);
    expect(shown("hangs").reason).toContain("no answer within 1 s");
    expect(shown("throws").code).toBe("wanted");
  });

  test("one that never becomes ready is stopped at the start timeout and tried again", async () => {
    const readiness = switchboard();
    const { clock, launcher, shown } = setUp([
      unitSpec("a", { probes: { readiness: readiness.spec } }),
    ]);
    await clock.advance(60_000);
    expect(launcher.children[0]?.signals).toEqual(["SIGTERM"]);
    expect(shown("a")).toMatchObject({
      state: "backoff",
      reason: "was not ready in time after 1 min",
    });
    await clock.advance(1_000);
    expect(launcher.children).toHaveLength(2);
  });
});

describe("what is declared", () => {
  test("only what changed is restarted, what is gone stops, what is new starts", async () => {
    const [a, b, c] = [unitSpec("a"), unitSpec("b"), unitSpec("c")];
    const { clock, launcher, declare } = setUp([a, b]);
    await clock.advance(0);
    const otherProcess = { ...b.process, env: { COLOUR: "blue" } };
    const declared = declare([a, { ...b, process: otherProcess }, c]);
    expect(declared).toEqual({ added: ["c"], changed: ["b"], removed: [] });
    await clock.advance(0);
    expect(launcher.of("a")).toHaveLength(1);
    expect(launcher.living("b")[0]?.process.env).toEqual({ COLOUR: "blue" });
    expect(declare([a])).toEqual({ added: [], changed: [], removed: ["b", "c"] });
    await clock.advance(0);
    expect(launcher.children.filter(({ isAlive }) => isAlive).map(({ unit }) => unit)).toEqual([
      "a",
    ]);
  });

  test("one that is declared again while it is being removed comes back", async () => {
    const a = unitSpec("a");
    const { clock, launcher, supervisor, declare } = setUp([a]);
    launcher.deaf.add("a");
    launcher.children[0]?.end(crash);
    await clock.advance(1_000);
    declare([]);
    declare([a]);
    await clock.advance(20_000);
    expect(supervisor.units).toHaveLength(1);
    expect(launcher.living("a")).toHaveLength(1);
  });

  test("what the operator has stopped stays stopped through a change", async () => {
    const a = unitSpec("a");
    const { clock, launcher, supervisor, declare } = setUp([a]);
    supervisor.stop("a");
    await clock.advance(0);
    declare([{ ...a, process: { ...a.process, env: { COLOUR: "blue" } } }]);
    await clock.advance(600_000);
    expect(launcher.of("a")).toHaveLength(1);
    supervisor.start("a");
    await clock.advance(0);
    expect(launcher.living("a")[0]?.process.env).toEqual({ COLOUR: "blue" });
  });
});

describe("children of an earlier daemon", () => {
  function takeOver(specs: readonly UnitSpec[], isSame = true, isWanted = true) {
    const rig = setUp([]);
    const { launcher, supervisor } = rig;
    const children = new Map(
      specs.map(({ name, process }) => [name, launcher.launch(name, process)] as const),
    );
    const find = (name: string): Adoptable | undefined => {
      const child = children.get(name);
      if (child === undefined) return undefined;
      const startedAt = new Date(0);
      return { child, spawnedAt: ms(-60_000), startedAt, spawns: 7, isSame };
    };
    const declare = (all: readonly UnitSpec[]) => supervisor.declare(all, () => isWanted, find);
    return { ...rig, children, declare };
  }

  test("are looked after and not started again; what is new starts", async () => {
    const [server, worker] = [unitSpec("server"), unitSpec("worker@a", { after: ["server"] })];
    const { clock, launcher, declare, supervisor, shown } = takeOver([server, worker]);
    declare([server, worker, unitSpec("service@new", { after: ["server"] })]);
    expect(supervisor.units.map(({ pid }) => pid)).toEqual([1000, 1001, undefined]);
    expect(shown("server").reason).toContain("was started by an earlier daemon");
    await clock.advance(0);
    expect(launcher.children.map(({ unit }) => unit)).toEqual([
      "server",
      "worker@a",
      "service@new",
    ]);
    expect(shown("worker@a").state).toBe("running");
    expect(supervisor.units[0]?.state).toMatchObject({ spawns: 7, isAdopted: true });
  });

  test("end like others, and are started again", async () => {
    const a = unitSpec("a");
    const { clock, launcher, children, declare, supervisor, shown } = takeOver([a]);
    declare([a]);
    await clock.advance(61_000);
    children.get("a")?.end({ kind: "unknown" }, ["the last words"]);
    await clock.advance(0);
    expect(launcher.living("a")).toHaveLength(1);
    expect(supervisor.units[0]?.state).toMatchObject({ spawns: 8, isAdopted: false });
    expect(shown("a").reason).toContain(
      "before that it ended after 2 min 1 s; its status is not known, for an earlier daemon had started it: the last words",
    );
  });

  test("are restarted if they are not what is declared", async () => {
    const a = unitSpec("a");
    const { clock, launcher, children, declare, seen } = takeOver([a], false);
    declare([a]);
    await clock.advance(0);
    expect(children.get("a")?.signals).toEqual(["SIGTERM"]);
    expect(launcher.of("a")).toHaveLength(2);
    expect(seen.slice(0, 2)).toEqual([
      "a: down -adopted-> starting",
      "a: starting -restart-requested-> stopping",
    ]);
  });

  test("are stopped if the operator had ordered it", async () => {
    const a = unitSpec("a");
    const { clock, launcher, children, declare, shown } = takeOver([a], false, false);
    declare([a]);
    await clock.advance(600_000);
    expect(children.get("a")?.isAlive).toBe(false);
    expect(launcher.of("a")).toHaveLength(1);
    expect(shown("a").reason).toBe("stopped by the operator");
  });

  test("are not judged by their readiness while what they need is away", async () => {
    const readiness = switchboard();
    const server = unitSpec("server", { probes: { readiness: readiness.spec } });
    const worker = unitSpec("worker@a", {
      after: ["server"],
      probes: { readiness: { ...readiness.spec } },
    });
    const { clock, children, declare, shown } = takeOver([worker]);
    declare([server, worker]);
    await clock.advance(50_000);
    expect(shown("worker@a")).toMatchObject({
      state: "starting",
      next: "has its time to become ready once this has passed: server is starting",
    });
    await clock.advance(5 * 60_000);
    expect(children.get("worker@a")?.signals).toEqual([]);
    readiness.answer({ kind: "pass" });
    await clock.advance(2_000);
    expect(shown("worker@a").state).toBe("running");
  });
});

describe("coming to rest before a stop", () => {
  function patiently(changes: Partial<UnitSpec> = {}) {
    const rest = Promise.withResolvers<void>();
    const asked: { readonly cause: string; readonly signal: AbortSignal }[] = [];
    const spec = unitSpec("worker@a", {
      quiesce: (cause, signal) => {
        asked.push({ cause, signal });
        return rest.promise;
      },
      rules: { ...unitSpec("").rules, quiesceTimeout: seconds(20) },
      ...changes,
    });
    return { ...setUp([spec]), asked, rest: rest.resolve };
  }

  test("the signal waits for it, and status says so", async () => {
    const { clock, launcher, supervisor, asked, rest, shown } = patiently();
    await clock.advance(0);
    supervisor.restart("worker@a", "restart");
    await clock.advance(5_000);
    expect(shown("worker@a")).toEqual({
      state: "draining",
      since: 0,
      code: "drain",
      reason:
        "restarted by the operator; takes on nothing new, and finishes what must not be cut in half",
      next: "is stopped when that is done, in 15 s at the latest",
      startsAt: undefined,
    });
    expect(launcher.children[0]?.signals).toEqual([]);
    expect(asked).toMatchObject([{ cause: "restart", signal: { aborted: false } }]);
    rest();
    await clock.advance(0);
    expect(launcher.children[0]?.signals).toEqual(["SIGTERM"]);
    expect(launcher.living("worker@a")).toHaveLength(1);
  });

  type Cut = (rig: ReturnType<typeof patiently>) => Promise<void> | void;
  const cuts: readonly (readonly [string, Cut])[] = [
    ["its time is over", ({ clock }) => clock.advance(20_000)],
    ["it is ordered again", ({ supervisor }) => supervisor.stop("worker@a")],
    ["all stops", ({ supervisor }) => void supervisor.stopAll()],
    ["it is killed", ({ supervisor }) => supervisor.killAll()],
    ["it dies", ({ launcher }) => launcher.children[0]?.end(crash)],
  ];
  test.each(cuts)("nobody waits any longer when %s", async (_, cut) => {
    const rig = patiently();
    const { clock, launcher, supervisor, asked, shown } = rig;
    await clock.advance(0);
    supervisor.stop("worker@a");
    expect(asked).toMatchObject([{ cause: "operator", signal: { aborted: false } }]);
    await cut(rig);
    await clock.advance(0);
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(launcher.living("worker@a")).toEqual([]);
    rig.rest();
    await clock.advance(600_000);
    expect(shown("worker@a").state).toBe("stopped");
    expect(launcher.children).toHaveLength(1);
    expect(launcher.children[0]?.signals.length).toBeLessThanOrEqual(1);
  });

  test("a shutdown does not ask", async () => {
    const { clock, supervisor, asked } = patiently();
    await clock.advance(0);
    await supervisor.stopAll();
    expect(asked).toEqual([]);
  });
});

describe("what is said of a crash loop", () => {
  test("the breaker opens at the fifth death, says why, tries every five minutes, and heeds the operator", async () => {
    const { clock, launcher, supervisor, shown } = setUp([unitSpec("worker@vm-runs")]);
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(20_000);
      launcher
        .living("worker@vm-runs")[0]
        ?.end(crash, ["ModuleNotFoundError: No module named 'x'"]);
      await clock.advance(0);
    }
    const broken = shown("worker@vm-runs");
    expect(broken).toMatchObject({ state: "backoff", code: "breaker" });
    expect(broken.reason).toBe(
      "died 5 times in 10 min; last it exited with status 1 after 14 s: ModuleNotFoundError: No module named 'x'",
    );
    expect(broken.next).toBe(
      "one trial in 5 min. `sails-supervisor restart worker@vm-runs` tries at once",
    );
    await clock.advance(299_999);
    expect(launcher.children).toHaveLength(5);
    await clock.advance(1);
    expect(launcher.children).toHaveLength(6);
    launcher.living("worker@vm-runs")[0]?.end(crash);
    await clock.advance(0);
    expect(shown("worker@vm-runs").code).toBe("breaker");
    supervisor.restart("worker@vm-runs", "restart");
    await clock.advance(0);
    expect(launcher.children).toHaveLength(7);
  });

  test("a program that is not there opens the breaker at once and is named", async () => {
    const { clock, launcher, declare, shown } = setUp([]);
    launcher.missing.add("service@x");
    declare([unitSpec("service@x")]);
    await clock.advance(0);
    expect(shown("service@x")).toMatchObject({
      code: "breaker",
      reason: "could not be started: sleep: no such program",
    });
  });

  test("a back-off names the next start and its time", async () => {
    const { clock, launcher, shown } = setUp([unitSpec("a")]);
    await clock.advance(2_000);
    launcher.children[0]?.end(crash, ["one", "  no space left  ", ""]);
    await clock.advance(0);
    expect(shown("a")).toMatchObject({
      state: "backoff",
      reason: "exited with status 1 after 2 s: no space left",
      next: "start 2 in 750 ms",
      startsAt: ms(2_750),
    });
  });
});
