/** When a worker is called hung: never for one sign alone, and never for somebody else's. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  heartbeatOf,
  judgeWorker,
  shareWorkers,
  type WorkerSigns,
  workerLives,
} from "../../../src/prefect/worker-health.ts";
import { minutes, ms, seconds } from "../../../src/supervision/time.ts";
import { away, ScriptedApi, ScriptedMachine, signal } from "./given.ts";

const well: WorkerSigns = {
  health: "ok",
  heard: { age: seconds(10), isOnline: true },
  heartbeatEvery: seconds(30),
  isStopped: false,
  apiHealthyFor: minutes(60),
};
const late = { age: seconds(200), isOnline: false };

describe("a worker", () => {
  test.each([
    ["that is well", {}, "pass"],
    ["with a late heartbeat alone", { heard: late }, "pass"],
    ["whose own health alone is silent", { health: "silent" }, "pass"],
    ["that is stopped by a signal, and answers all the same", { isStopped: true }, "pass"],
    ["that Prefect does not know", { heard: undefined, health: "silent" }, "pass"],
    ["that is stopped and silent", { isStopped: true, health: "silent" }, "fail"],
    ["that neither answers nor beats", { heard: late, health: "silent" }, "fail"],
    ["that says so itself and does not beat", { heard: late, health: "unresponsive" }, "fail"],
    [
      "that is late by its beat, though called online",
      { heard: { age: seconds(121), isOnline: true }, health: "silent" },
      "fail",
    ],
    [
      "that neither answers nor beats, right after an outage",
      { heard: late, health: "silent", apiHealthyFor: seconds(100) },
      "pass",
    ],
    ["that has looked for no work for five minutes", { health: "unresponsive" }, "fail"],
    [
      "that says so soon after an outage",
      { health: "unresponsive", apiHealthyFor: minutes(5) },
      "pass",
    ],
  ] as const)("%s", (_, changes, kind) => {
    expect(judgeWorker({ ...well, ...changes }).kind).toBe(kind);
  });

  test("is never called hung for one sign alone", () => {
    const heard = fc.record({
      age: fc.nat(1_000_000).map((age) => ms(age)),
      isOnline: fc.boolean(),
    });
    const apiHealthyFor = fc.nat(10_000_000).map((span) => ms(span));
    fc.assert(
      fc.property(heard, apiHealthyFor, fc.boolean(), (one, span, isStopped) => {
        const signs = { ...well, heard: one, apiHealthyFor: span, isStopped };
        expect(judgeWorker(signs).kind).toBe("pass");
      }),
    );
  });

  test("is never called hung when Prefect has not answered for as long as the signs are old", () => {
    const health = fc.constantFrom("ok", "unresponsive", "silent" as const);
    fc.assert(
      fc.property(health, fc.nat(120_000), (own, span) => {
        const signs = { ...well, health: own, heard: late, apiHealthyFor: ms(span) };
        expect(judgeWorker(signs as WorkerSigns).kind).toBe("pass");
      }),
    );
  });
});

describe("the probe", () => {
  const startedAt = new Date("2026-11-22T16:00:00.000Z");
  const target = { unit: "worker@runs", pid: 7, startedAt };

  function watched() {
    const api = new ScriptedApi();
    const machine = new ScriptedMachine();
    let now = ms(0);
    api.workers_ = [{ name: "vm1-runs", status: "OFFLINE", last_heartbeat_time: startedAt }];
    machine.health = "silent";
    const prefect = { canWrite: true };
    const probe = workerLives({
      workers: (pool) => api.workers(pool),
      machine,
      now: () => now,
      wallNow: () => startedAt.getTime() + now,
      pool: "runs",
      name: "vm1-runs",
      healthUrl: "http://127.0.0.1:1/health",
      heartbeatEvery: seconds(30),
      canWrite: async () => prefect.canWrite,
    });
    const at = (span: number) => {
      now = ms(span);
      return probe(target, signal).then(({ kind }) => kind);
    };
    return { api, machine, prefect, at };
  }

  test("counts from when Prefect has begun to answer, and anew after an outage", async () => {
    const { api, at } = watched();
    expect(await at(minutes(10))).toBe("pass");
    expect(await at(minutes(12.5))).toBe("fail");
    api.answers.set("workers runs", away);
    expect(await at(minutes(13))).toBe("unknown");
    api.answers.delete("workers runs");
    expect(await at(minutes(60))).toBe("pass");
    expect(await at(minutes(62.5))).toBe("fail");
  });

  test("blames nobody while the database cannot be written to", async () => {
    const { prefect, at } = watched();
    prefect.canWrite = false;
    expect(await at(minutes(10))).toBe("pass");
    expect(await at(minutes(20))).toBe("unknown");
    prefect.canWrite = true;
    expect(await at(minutes(21))).toBe("fail");
  });

  test("knows a process that is stopped", async () => {
    const { machine, at } = watched();
    machine.stopped.add(7);
    expect(await at(0)).toBe("fail");
    machine.stopped.clear();
    machine.stopped.add(8);
    expect(await at(0)).toBe("pass");
  });
});

test("who asks at the same time shares an answer, and later asks anew", async () => {
  const api = new ScriptedApi();
  let asked = 0;
  let now = 0;
  const counting = {
    workers: (pool: string) => {
      asked += 1;
      return api.workers(pool);
    },
  };
  const workers = shareWorkers(counting, () => ms(now));
  await Promise.all([workers("a"), workers("a"), workers("b")]);
  expect(asked).toBe(2);
  now = 300;
  await workers("a");
  expect(asked).toBe(3);
});

test.each([
  [{}, 30],
  [{ PREFECT_WORKER_HEARTBEAT_SECONDS: "60" }, 60],
  [{ PREFECT_WORKER_HEARTBEAT_SECONDS: "1" }, 5],
  [{ PREFECT_WORKER_HEARTBEAT_SECONDS: "often" }, 30],
])("the heartbeat of %o", (env: Readonly<Record<string, string>>, span) => {
  expect(heartbeatOf(env)).toBe(seconds(span));
});
