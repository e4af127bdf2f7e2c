import { describe, expect, test } from "vitest";
import {
  answersOrWorks,
  readsDatabase,
  unlessHeard,
  workerIsOnline,
} from "../../../src/prefect/probes.ts";
import { away, refused, ScriptedApi, signal } from "./given.ts";

const startedAt = new Date("2026-11-22T16:00:00.000Z");
const target = { unit: "worker@runs", pid: 7, startedAt };

describe("a worker", () => {
  const verdict = async (seconds: number | null, { status = "ONLINE", name = "vm1-runs" } = {}) => {
    const api = new ScriptedApi();
    const last_heartbeat_time =
      seconds === null ? null : new Date(startedAt.getTime() + seconds * 1000);
    api.workers_ = [{ name, status, last_heartbeat_time }];
    return workerIsOnline(api, "runs", "vm1-runs")(target, signal);
  };
  const unheard = {
    kind: "fail",
    why: "Prefect has not heard from it since it was started",
  } as const;

  test.each([
    ["has reported", 5, {}, { kind: "pass" }],
    ["reported in the very moment of its start", 0, {}, { kind: "pass" }],
    ["is ONLINE from its life before", -0.001, {}, unheard],
    ["has a row and was never heard", null, {}, unheard],
    ["has a name like another's", 5, { name: "vm1-runs-2" }, unheard],
    [
      "was heard once and is silent now",
      5,
      { status: "OFFLINE" },
      { kind: "fail", why: "Prefect last heard from it at 2026-11-22T16:00:05.000Z" },
    ],
    ["was OFFLINE before it was started", -60, { status: "OFFLINE" }, unheard],
  ] as const)("that %s", async (_, beat, row, expected) => {
    expect(await verdict(beat, row)).toEqual(expected);
  });

  test("without a row has not been heard of", async () => {
    const api = new ScriptedApi();
    expect(await workerIsOnline(api, "runs", "vm1-runs")(target, signal)).toEqual(unheard);
  });

  test.each([
    ["away", away],
    ["busy", refused(503)],
    ["another, with another password", refused(401)],
    ["without the pool", refused(404)],
  ])("is not to blame for a server that is %s", async (_, answer) => {
    const api = new ScriptedApi();
    api.answers.set("workers runs", answer);
    expect(await workerIsOnline(api, "runs", "vm1-runs")(target, signal)).toEqual({
      kind: "unknown",
      why: answer.kind === "ok" ? "" : answer.why,
    });
  });
});

describe("a server", () => {
  test("that gives its pools is ready", async () => {
    expect(await readsDatabase(new ScriptedApi())(target, signal)).toEqual({ kind: "pass" });
  });

  test.each([away, refused(500), refused(503)])(
    "that answers %o is not, and says why",
    async (answer) => {
      const api = new ScriptedApi();
      api.answers.set("pools", answer);
      const why = answer.kind === "ok" ? "" : answer.why;
      expect(await readsDatabase(api)(target, signal)).toEqual({ kind: "fail", why });
    },
  );
});

test("a server that has just answered is not asked once more", async () => {
  let asked = 0;
  let hasJustAnswered = true;
  const health = async () => ({ kind: "pass" as const, asked: (asked += 1) });
  const probe = unlessHeard(health, () => hasJustAnswered);
  expect(await probe(target, signal)).toEqual({ kind: "pass" });
  hasJustAnswered = false;
  expect(await probe(target, signal)).toEqual({ kind: "pass", asked: 1 });
  expect(asked).toBe(1);
});

describe("a server that does not answer", () => {
  const silent = { kind: "fail", why: "no answer" } as const;
  const busy = { kind: "unknown", why: "it is at work and does not answer: no answer" } as const;

  /** What is found of a server at one question after the other, having used so much of a processor. */
  async function found(...used: readonly (number | undefined)[]) {
    const seconds = [...used];
    const probe = answersOrWorks(
      () => Promise.resolve(silent),
      () => seconds.shift(),
    );
    const verdicts = [];
    for (const _ of used) verdicts.push(await probe(target, signal));
    return verdicts;
  }

  test("and works meanwhile is busy", async () => {
    expect(await found(10, 11, 14)).toEqual([silent, busy, busy]);
  });

  test("and does next to nothing hangs", async () => {
    expect(await found(10, 10.5, 10.9)).toEqual([silent, silent, silent]);
  });

  test("and works for ever is not well either", async () => {
    const verdicts = await found(...Array.from({ length: 30 }, (_, i) => 10 * i));
    expect(verdicts.findLastIndex(({ kind }) => kind === "unknown")).toBe(20);
  });

  test("and has gone does not work", async () => {
    expect(await found(10, undefined, undefined)).toEqual([silent, silent, silent]);
  });

  test("is another one after a restart", async () => {
    const seconds = [100, 3];
    const probe = answersOrWorks(
      () => Promise.resolve(silent),
      () => seconds.shift(),
    );
    await probe(target, signal);
    expect(await probe({ ...target, pid: 8 }, signal)).toEqual(silent);
  });

  test("for a moment is well when it answers again", async () => {
    const pass = { kind: "pass" } as const;
    expect(
      await answersOrWorks(
        () => Promise.resolve(pass),
        () => 1,
      )(target, signal),
    ).toEqual(pass);
  });
});
