import { beforeEach, expect, test } from "vitest";
import type { Worker, WorkPool } from "../../../src/prefect/api/client.ts";
import type {
  Ended,
  RunCounts,
  ScheduledDeployment,
  Span,
} from "../../../src/prefect/api/overview.ts";
import type { Answer } from "../../../src/prefect/api/transport.ts";
import { LatelyHeard } from "../../../src/prefect/overview/lately-heard.ts";
import { type Asking, Overview } from "../../../src/prefect/overview/overview.ts";
import { minutes, ms, seconds } from "../../../src/supervision/time.ts";
import { signal } from "./given.ts";

const began = Date.parse("2026-01-01T00:00:00.000Z");
const live = { scheduled: 0, late: 0, pending: 0, running: 0, paused: 0, cancelling: 0 };
const ended = { completed: 0, failed: 0, crashed: 0, cancelled: 0 };

const workPool = (name: string, changes: Partial<WorkPool> = {}): WorkPool => ({
  name,
  type: "process",
  is_paused: false,
  concurrency_limit: 2,
  base_job_template: {},
  status: "READY",
  active_slots: 1,
  ...changes,
});

class Scripted {
  now = ms(0);
  asked: string[] = [];
  pools: readonly WorkPool[] = [];
  workers: readonly Worker[] = [];
  counts: RunCounts = { live, ended };
  spans: Span[] = [];
  deployments: readonly ScheduledDeployment[] = [];
  toCome = new Map<string, number>();
  failing: string | undefined;
  readonly told: (readonly [string, Ended, number])[] = [];
  readonly lately = new LatelyHeard(() => this.now);
  readonly overview = new Overview({
    now: () => this.now,
    wallClock: () => new Date(began + this.now),
    finished: (...words) => this.told.push(words),
  });

  async #answer<T>(what: string, value: T): Promise<Answer<T>> {
    this.asked.push(what);
    if (this.failing !== undefined && what.startsWith(this.failing)) {
      return { kind: "unreachable", why: "nothing listens" };
    }
    return { kind: "ok", value };
  }

  readonly api: Asking["api"] = this.lately.listening<Asking["api"]>({
    health: () => this.#answer("health", true),
    version: () => this.#answer("version", "3.8.8"),
    queueStates: () => this.#answer("queues", []),
    runCounts: (pool, span) => {
      this.spans.push(span);
      return this.#answer(`runs ${pool}`, this.counts);
    },
    oldestLate: (pool) => this.#answer(`late ${pool}`, new Date(began)),
    schedules: () => this.#answer("schedules", this.deployments),
    runsToCome: (id) => this.#answer(`to come ${id}`, this.toCome.get(id) ?? 0),
    pools: () => this.#answer("pools", this.pools),
    workers: (pool) => this.#answer(`workers ${pool}`, this.workers),
  });

  async look(declared: readonly string[] = this.pools.map(({ name }) => name)) {
    this.asked = [];
    const pools = declared.map((name) => ({
      name,
      workers: [{ unit: `worker@${name}`, name: `host-${name}` }],
    }));
    return await this.overview.look(
      { api: this.api, lately: this.lately, declared: pools },
      signal,
    );
  }

  pass(span: number): void {
    this.now = ms(this.now + span);
  }

  get view() {
    return this.overview.view(seconds(90));
  }
}

let prefect: Scripted;
beforeEach(() => {
  prefect = new Scripted();
});

test("a look at three pools is twelve requests at most, also when runs are late", async () => {
  prefect.pools = ["a", "b", "c"].map((name) => workPool(name));
  prefect.counts = { live: { ...live, late: 2 }, ended };
  for (let look = 0; look < 20; look += 1) {
    await prefect.look();
    expect(prefect.asked.length).toBeLessThanOrEqual(12);
    prefect.pass(30_000);
  }
  expect(prefect.asked.length).toBeGreaterThan(10);
});

test("more pools cost no more: three are looked at each time, in turn", async () => {
  const names = Array.from({ length: 10 }, (_, index) => `pool-${index}`);
  prefect.pools = names.map((name) => workPool(name));
  const seen = new Set<string>();
  for (let look = 0; look < 4; look += 1) {
    await prefect.look();
    expect(prefect.asked.length).toBeLessThanOrEqual(12);
    for (const asked of prefect.asked.filter((each) => each.startsWith("runs "))) seen.add(asked);
    prefect.pass(30_000);
  }
  expect(seen.size).toBe(10);
  expect(prefect.view?.pools).toHaveLength(10);
});

test("what somebody has just heard is not asked again", async () => {
  prefect.pools = [workPool("a")];
  await prefect.look();
  prefect.pass(30_000);
  await prefect.api.pools(signal);
  await prefect.api.workers("a", signal);
  prefect.pass(15_000);
  await prefect.look();
  expect(prefect.asked.toSorted((one, other) => one.localeCompare(other))).toEqual([
    "queues",
    "runs a",
  ]);
});

test("while the server is away it is asked once, and what was known stays for a while", async () => {
  prefect.pools = [workPool("a")];
  await prefect.look();
  prefect.failing = "pools";
  prefect.pass(30_000);
  const failed = await prefect.look();
  expect(failed.kind).toBe("unreachable");
  expect(prefect.asked).toEqual(["pools"]);
  expect(prefect.view?.pools).toHaveLength(1);
  prefect.pass(60_000);
  expect(prefect.view).toBeUndefined();
});

test("each end of a run is counted once: windows meet, and one that fails is asked again", async () => {
  prefect.pools = [workPool("a")];
  prefect.counts = { live, ended: { ...ended, failed: 2 } };
  prefect.pass(60_000);
  await prefect.look();
  expect(prefect.told).toEqual([["a", "failed", 2]]);
  prefect.failing = "runs";
  prefect.pass(30_000);
  await prefect.look();
  prefect.failing = undefined;
  prefect.pass(30_000);
  await prefect.look();
  expect(prefect.told).toHaveLength(2);
  const at = (second: string) => `2026-01-01T00:0${second}.000`;
  expect(prefect.spans).toEqual([
    { after: `${at("0:00")}001Z`, before: `${at("0:30")}Z` },
    { after: `${at("0:30")}001Z`, before: `${at("1:00")}Z` },
    { after: `${at("0:30")}001Z`, before: `${at("1:30")}Z` },
  ]);
});

test("what is seen of pools, and of our workers among all", async () => {
  const beat = new Date(began);
  prefect.pools = [
    workPool("a", { active_slots: undefined }),
    workPool("b", { is_paused: true, concurrency_limit: null, status: "PAUSED" }),
  ];
  prefect.workers = [
    { name: "host-a", status: "ONLINE", last_heartbeat_time: beat },
    { name: "somebody", status: "OFFLINE", last_heartbeat_time: null },
  ];
  prefect.counts = { live: { ...live, pending: 1, running: 2 }, ended };
  await prefect.look(["a"]);
  expect(prefect.view).toMatchObject({
    workers: [{ unit: "worker@a", pool: "a", lastHeartbeat: beat }],
    pools: [
      {
        name: "a",
        status: "ready",
        limit: 2,
        // Prefect 3.6 does not tell how many slots are taken.
        activeSlots: 3,
        workers: { online: 1, offline: 1 },
      },
      { name: "b", status: "paused", isPaused: true, activeSlots: undefined, runs: undefined },
    ],
  });
});

test("a schedule without a run to come is stalled until it has one", async () => {
  prefect.pools = [workPool("a")];
  prefect.deployments = [
    { id: "d1", activeSchedules: 1 },
    { id: "d2", activeSchedules: 2 },
    { id: "paused", activeSchedules: 0 },
  ];
  prefect.toCome = new Map([["d1", 7]]);
  const stalled: (number | undefined)[] = [];
  const step = async (): Promise<void> => {
    await prefect.look();
    stalled.push(prefect.view?.stalledSchedules);
    prefect.pass(30_000);
  };
  // The list, then each deployment.
  for (let look = 0; look < 3; look += 1) await step();
  expect(stalled).toEqual([undefined, 0, 2]);
  prefect.toCome.set("d2", 1);
  for (let look = 0; look < 2; look += 1) await step();
  expect(stalled.at(-1)).toBe(0);
  // One that is gone, or paused, is no trouble any more.
  prefect.toCome.set("d2", 0);
  for (let look = 0; look < 2; look += 1) await step();
  expect(stalled.at(-1)).toBe(2);
  prefect.deployments = [{ id: "d1", activeSchedules: 1 }];
  prefect.pass(minutes(5));
  await step();
  expect(stalled.at(-1)).toBe(0);
  // With a new configuration, what is deployed is looked at anew.
  prefect.overview.reconfigured();
  await step();
  expect(prefect.asked).toContain("schedules");
});

test("of very many pools the labels are bounded, and it is said how many are left out", async () => {
  prefect.pools = Array.from({ length: 150 }, (_, index) => workPool(`pool-${index}`));
  const looked = await prefect.look(["pool-149"]);
  expect(looked).toEqual({ kind: "ok", value: { leftOut: 50 } });
  expect(prefect.view?.pools).toHaveLength(100);
  expect(prefect.view?.pools[0]?.name).toBe("pool-149");
});
