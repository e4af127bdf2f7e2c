import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ms, seconds } from "../../src/supervision/time.ts";
import { transition } from "../../src/supervision/unit.ts";
import {
  type Blocker,
  initial,
  type Timer,
  type UnitCommand,
  type UnitEvent,
  type UnitRules,
  type UnitState,
} from "../../src/supervision/unit-state.ts";
import { rules } from "../support/unit-specs.ts";

const blocker: Blocker = { kind: "dependency", why: "server is starting" };

interface Armed {
  readonly generation: number;
  readonly timer: Timer;
}

/** The outside as the unit has shaped it so far. */
interface World {
  unit: UnitState;
  now: number;
  child: number | undefined;
  /** The generation that has been asked to come to rest. */
  asked: number | undefined;
  /** Signals that the living child has had. */
  signals: NodeJS.Signals[];
  timer: Armed | undefined;
  /** Timers that were replaced or disarmed; one may have fired just before. */
  spent: Armed[];
  checks: number[];
  wanted: boolean;
  met: boolean;
}

const moves = [
  "start",
  "stop",
  "shutdown",
  "restart",
  "reload",
  "adopt",
  "rest",
  "unmet",
  "met",
  "clear",
  "blocked",
  "ready",
  "unready",
  "unwell",
  "exit",
  "finish",
  "timer",
  "late",
] as const;

const script = fc.array(
  fc.record({
    move: fc.constantFrom(...moves),
    gap: fc.integer({ min: 0, max: 90_000 }),
    dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  { maxLength: 150 },
);

const shapes = fc.record({
  hasPreflight: fc.boolean(),
  startSpread: fc.constantFrom(0, 5_000),
  restart: fc.constantFrom("always", "on-failure", "no"),
  quiesceTimeout: fc.constantFrom(undefined, ms(30_000)),
});

function eventFor(move: (typeof moves)[number], world: World): UnitEvent | undefined {
  const { child, timer, spent } = world;
  const fired = move === "timer" ? timer : move === "late" ? spent.at(-1) : undefined;
  if (fired !== undefined) return { kind: "timed-out", ...fired };
  const check = world.checks.at(-1);
  const cause = { kind: "crash", summary: "ended" } as const;
  switch (move) {
    case "start":
      return { kind: "start-requested" };
    case "stop":
      return { kind: "stop-requested", by: "operator" };
    case "shutdown":
      return { kind: "stop-requested", by: "shutdown" };
    case "restart":
      return { kind: "restart-requested", by: "restart" };
    case "reload":
      return { kind: "restart-requested", by: "config" };
    case "adopt":
      return { kind: "adopted", spawnedAt: ms(world.now - 100_000), spawns: 3 };
    case "rest":
      return world.asked === undefined ? undefined : { kind: "quiesced", generation: world.asked };
    case "unmet":
      return { kind: "conditions-changed", unmet: [blocker] };
    case "met":
      return { kind: "conditions-changed", unmet: [] };
    case "clear":
    case "blocked": {
      if (check === undefined) return undefined;
      const blockers = move === "clear" ? [] : [blocker];
      return { kind: "preflight-done", generation: check, blockers };
    }
    case "ready":
      return child === undefined ? undefined : { kind: "became-ready", generation: child };
    case "unready":
    case "unwell": {
      const kind = move === "unready" ? "became-unready" : "liveness-lost";
      return child === undefined ? undefined : { kind, generation: child, why: "no answer" };
    }
    case "exit":
    case "finish": {
      const exit = { kind: "exited", code: move === "exit" ? 1 : 0 } as const;
      return child === undefined ? undefined : { kind: "ended", generation: child, exit, cause };
    }
    case "timer":
    case "late":
      return undefined;
    default:
      return move satisfies never;
  }
}

/** What the outside does of itself as an event comes about. */
function happen(world: World, move: (typeof moves)[number], event: UnitEvent): void {
  if (event.kind === "ended") world.child = undefined;
  if (event.kind === "preflight-done") world.checks.pop();
  if (move === "timer") world.timer = undefined;
  if (move === "start" || move === "restart") world.wanted = true;
  if (move === "stop" || move === "shutdown") world.wanted = false;
  if (event.kind === "conditions-changed") world.met = event.unmet.length === 0;
}

function obey(world: World, command: UnitCommand): void {
  switch (command.kind) {
    case "spawn":
      expect(world.wanted, "spawned although not wanted").toBe(true);
      expect(world.met, "spawned although a condition is not met").toBe(true);
      expect(world.child, "two children at once").toBeUndefined();
      world.child = command.generation;
      world.signals = [];
      return;
    case "adopt":
      expect(world.child, "adopted although it has a child").toBeUndefined();
      world.child = command.generation;
      world.signals = [];
      world.wanted = true;
      return;
    case "quiesce":
      expect(world.child, "asked nobody to come to rest").toBe(command.generation);
      expect(world.signals, "asked to come to rest after a signal").toEqual([]);
      expect(["operator", "restart", "config", "environment"]).toContain(command.cause);
      world.asked = command.generation;
      return;
    case "signal":
      expect(world.child, "signalled nobody").toBeDefined();
      expect(world.signals, "asked twice, which puts off the kill").not.toContain(command.signal);
      world.signals.push(command.signal);
      return;
    case "kill":
      expect(world.child, "killed nobody").toBeDefined();
      expect(world.signals, "killed without having been asked").toEqual(["SIGINT", "SIGTERM"]);
      return;
    case "arm-timer":
    case "disarm-timer":
      if (world.timer !== undefined) world.spent.push(world.timer);
      world.timer =
        command.kind === "arm-timer"
          ? { generation: command.generation, timer: command.timer }
          : undefined;
      return;
    case "preflight":
      world.checks.push(command.generation);
      return;
    default:
      return command satisfies never;
  }
}

function waitsForSomething({ unit, child, timer, checks, met }: World): boolean {
  const isChecked = checks.includes(unit.generation);
  return child !== undefined || timer !== undefined || isChecked || !met;
}

test("whatever the world does, the unit keeps its promises", () => {
  fc.assert(
    fc.property(script, shapes, (steps, shape) => {
      const unitRules: UnitRules = {
        ...rules,
        hasPreflight: shape.hasPreflight,
        startSpread: ms(shape.startSpread),
        quiesceTimeout: shape.quiesceTimeout,
        restart: { ...rules.restart, restart: shape.restart },
        stopLadder: [
          { signal: "SIGINT", wait: seconds(1) },
          { signal: "SIGTERM", wait: seconds(1) },
        ],
      };
      const world: World = {
        unit: initial,
        now: 0,
        child: undefined,
        asked: undefined,
        signals: [],
        timer: undefined,
        spent: [],
        checks: [],
        wanted: false,
        met: true,
      };
      for (const { move, gap, dice } of steps) {
        const event = eventFor(move, world);
        if (event === undefined) continue;
        world.now += gap;
        happen(world, move, event);
        const before = world.unit;
        const [next, commands] = transition(unitRules, before, event, { now: ms(world.now), dice });
        if (move === "late") expect([next, commands]).toEqual([before, []]);
        world.unit = next;
        for (const command of commands) obey(world, command);

        if (next.phase.kind === "down" && next.phase.why === "finished") world.wanted = false;
        expect(next.desired, "forgot what is wanted").toBe(world.wanted ? "up" : "down");
        const hasChild = ["starting", "running", "stopping"].includes(next.phase.kind);
        expect(hasChild, "the phase and the child differ").toBe(world.child !== undefined);
        if (next.phase.kind === "starting") {
          expect(world.timer?.timer, "nobody looks whether it becomes ready").toBe("start");
        }
        if (next.phase.kind === "stopping") {
          const { isQuiescing } = next.phase;
          expect(world.signals.length === 0, "at rest, yet signalled").toBe(isQuiescing);
          expect(world.timer?.timer).toBe(isQuiescing ? "quiesce" : "stop");
        }
        const isDown = next.phase.kind === "down";
        if (isDown) expect(world.timer, "down, yet a timer is left").toBeUndefined();
        else expect(waitsForSomething(world), "stuck").toBe(true);
        expect(next.generation).toBeGreaterThanOrEqual(before.generation);
      }
    }),
    { numRuns: 5_000 },
  );
});
