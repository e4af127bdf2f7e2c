/** Stops and starts again what works with the database: workers, then the server. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe } from "../supervision/describe.ts";
import type { Supervisor } from "../supervision/supervisor.ts";
import { type Millis, minutes } from "../supervision/time.ts";
import { isReady, type UnitView } from "../supervision/unit-view.ts";

export interface DatabaseUsers {
  stop(): Promise<string | undefined>;
  start(): Promise<string | undefined>;
}

const stopPatience = minutes(10);
/** A server that brings an old database up to date takes its time. */
const startPatience = minutes(10);
const lookEveryMs = 200;

export function databaseUsers(
  supervisor: Supervisor,
  now: () => Millis,
  signal: AbortSignal,
): DatabaseUsers {
  let stopped: readonly string[] = [];

  const unitsOf = (role: string): readonly UnitView[] =>
    supervisor.units.filter(({ spec }) => spec.labels["role"] === role);
  const named = (names: readonly string[]): readonly UnitView[] =>
    supervisor.units.filter(({ spec }) => names.includes(spec.name));

  async function wait(patience: Millis, isDone: () => boolean): Promise<boolean> {
    const until = now() + patience;
    while (!isDone()) {
      if (signal.aborted || now() > until) return false;
      await sleep(lookEveryMs);
    }
    return true;
  }

  async function stopRole(role: string): Promise<string | undefined> {
    const units = unitsOf(role).filter(({ state }) => state.desired === "up");
    const names = units.map(({ spec }) => spec.name);
    stopped = [...stopped, ...names];
    for (const name of names) supervisor.stop(name);
    const isDown = ({ state }: UnitView): boolean => state.phase.kind === "down";
    if (await wait(stopPatience, () => named(names).every(isDown))) return undefined;
    return `${list(named(names).filter((unit) => !isDown(unit)))} could not be stopped in time`;
  }

  return {
    stop: async () => (await stopRole("worker")) ?? (await stopRole("server")),
    async start() {
      const names = stopped;
      stopped = [];
      if (signal.aborted) return "the supervisor is being stopped";
      for (const name of names.toReversed()) supervisor.start(name);
      if (await wait(startPatience, () => named(names).every(isReady))) return undefined;
      const reasons = named(names)
        .filter((unit) => !isReady(unit))
        .map((unit) => `${unit.spec.name} is not ready: ${describe(unit, now()).reason}`);
      return reasons.join("; ");
    },
  };
}

const list = (units: readonly UnitView[]): string => units.map(({ spec }) => spec.name).join(", ");
