import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kill, marked, Workplace } from "../support/daemon-process.ts";

/** A generator of random numbers that can be repeated: the seed stands in each message. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

function order(socketPath: string, verb: string, units: readonly string[]): Promise<number> {
  return new Promise((done, failed) => {
    const call = request({ socketPath, method: "POST", path: `/api/v1/${verb}` }, (response) => {
      response.resume();
      response.once("end", () => done(response.statusCode ?? 0));
    });
    call.once("error", failed);
    call.setHeader("content-type", "application/json");
    call.end(JSON.stringify({ units }));
  });
}

/** It may have gone by itself between the look and the kill. */
function killIfThere(pid: number): void {
  try {
    kill(pid);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

test("a thousand services start, run, are killed and stop", async () => {
  const mark = randomUUID();
  const names = Array.from({ length: 1_000 }, (_, i) => `s${i}`);
  const services = names.map((name) => ({
    name,
    command: ["sleep", "100000"],
    env: { SAILS_TEST_MARK: mark },
    stable_after: "1ms",
  }));
  await using place = await Workplace.make({ server: { enabled: false }, services });
  const daemon = place.start();
  const { units } = await daemon.untilReady();
  expect(units).toHaveLength(1_000);
  const before = new Map(units.map(({ name, pid }) => [name, pid] as const));
  const killed = units.filter((_, i) => i % 20 === 0);
  for (const { pid } of killed) kill(pid);
  const after = await daemon.until(
    (status) =>
      status.ready &&
      killed.every(({ name, pid }) =>
        status.units.some((unit) => unit.name === name && unit.pid !== pid),
      ),
  );
  const touched = after.units.filter(({ name, pid }) => before.get(name) !== pid);
  expect(touched).toHaveLength(killed.length);
  expect(marked(mark)).toHaveLength(1_000);
  expect(await daemon.end("SIGTERM")).toBe(0);
  expect(marked(mark)).toEqual([]);
}, 300_000);

test("ten thousand random starts, stops, restarts and kills leave the state right", async () => {
  const mark = randomUUID();
  const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
  const services = names.map((name) => ({
    name,
    command: ["sleep", "100000"],
    env: { SAILS_TEST_MARK: mark },
    stable_after: "1ms",
    restart_delay: "1ms",
    restart_max_delay: "5ms",
  }));
  await using place = await Workplace.make({ server: { enabled: false }, services });
  const daemon = place.start();
  await daemon.untilReady();
  const socket = join(place.stateDir, "control.sock");
  const seed = Date.now() % 2 ** 31;
  const roll = dice(seed);
  const wanted = new Map(names.map((name) => [`service@${name}`, true]));

  for (let i = 0; i < 10_000; i += 1) {
    const unit = `service@s${roll(names.length)}`;
    const verb = ["start", "stop", "restart", "kill"][roll(4)] ?? "kill";
    if (verb === "kill") {
      const { pid } = await daemon.unit(unit);
      if (pid !== null) killIfThere(pid);
    } else {
      expect(await order(socket, verb, [unit])).toBe(200);
      wanted.set(unit, verb !== "stop");
    }
  }
  // What a storm of kills has put into a breaker is let out of it by the operator's word.
  const up = [...wanted].filter(([, isUp]) => isUp).map(([unit]) => unit);
  expect(await order(socket, "start", up)).toBe(200);
  const { units } = await daemon.until((status) =>
    status.units.every(({ name, ready, state }) =>
      wanted.get(name) === true ? ready : state === "stopped",
    ),
  );
  expect(marked(mark).length, `seed ${seed}`).toBe(up.length);
  const pids = units.flatMap(({ pid }) => pid ?? []);
  expect(new Set(pids)).toEqual(new Set(marked(mark)));
  expect(await daemon.end("SIGTERM")).toBe(0);
  expect(marked(mark)).toEqual([]);
}, 300_000);
