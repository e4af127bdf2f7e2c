import { expect, test } from "vitest";
import type { CheckState } from "../../src/checks/state.ts";
import { PoolCloser, stepFor } from "../../src/daemon/pool-closer.ts";
import { type Closures, Intake } from "../../src/prefect/runs/intake.ts";
import { ms } from "../../src/supervision/time.ts";
import { away, onServer, ScriptedApi } from "../prefect/unit/given.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const is = { isClosed: false, isOverruled: false, isPaused: false, isChanged: false };
const closed = { ...is, isClosed: true, isPaused: true };

test.each([
  ["closed", is, "close"],
  ["closed", { ...is, isPaused: true }, "close"],
  ["closed", closed, undefined],
  ["closed", { ...closed, isPaused: false }, "review"],
  ["closed", { ...closed, isChanged: true }, "review"],
  ["closed", { ...is, isOverruled: true }, undefined],
  ["open", is, undefined],
  ["open", { ...is, isPaused: true }, undefined],
  ["open", closed, "open"],
  ["open", { ...is, isOverruled: true }, "forget"],
  ["leave", closed, undefined],
  ["leave", is, undefined],
] as const)("wanted %s, is %o: %s", (wanted, pool, step) => {
  expect(stepFor(wanted, pool)).toBe(step);
});

/** A pool that requires one check, on a server, and daemons that come and go. */
class Scene {
  readonly clock = new VirtualClock();
  readonly api = new ScriptedApi();
  readonly told: string[] = [];
  state: CheckState["kind"] = "ok";
  requires = ["arc"];
  #closures: Closures = {};
  #overruled: readonly string[] = [];
  closer = this.begin();

  constructor() {
    this.api.pools_ = [onServer("runs")];
  }

  /** The next daemon. */
  begin(): PoolCloser {
    const { clock, api } = this;
    const closures = (): Closures => this.#closures;
    const intake = new Intake({
      api,
      closures,
      keep: async (kept) => void (this.#closures = kept),
      now: () => new Date(clock.now()),
    });
    return new PoolCloser({
      clock,
      intake,
      pools: () => [{ name: "runs", requires: this.requires }],
      stateOf: () => ({ kind: this.state, since: ms(0), basis: undefined, recent: [], errors: [] }),
      closures,
      isPaused: () => this.isPaused,
      changedAt: () => this.api.pools_[0]?.updated ?? undefined,
      overruled: () => this.#overruled,
      keepOverruled: async (pools) => void (this.#overruled = pools),
      told: (what, pool) => this.told.push(`${what} ${pool}`),
    });
  }

  get isPaused(): boolean {
    return this.api.pools_[0]?.is_paused === true;
  }

  async pause(isPaused: boolean): Promise<void> {
    await this.api.updatePool("runs", { is_paused: isPaused });
  }

  async becomes(state: CheckState["kind"]): Promise<void> {
    this.state = state;
    this.closer.look();
    await this.clock.advance(20_000);
  }
}

test("a pool is closed while what it requires fails, and open afterwards", async () => {
  const scene = new Scene();
  await scene.becomes("fail");
  expect(scene.isPaused).toBe(true);
  await scene.becomes("unknown");
  expect(scene.isPaused).toBe(true);
  await scene.becomes("hangs");
  expect(scene.isPaused).toBe(true);
  await scene.becomes("warn");
  expect(scene.isPaused).toBe(false);
  expect(scene.told).toEqual(["closed runs", "opened runs"]);
});

test("as long as nothing is known, it stays as it is", async () => {
  const scene = new Scene();
  await scene.becomes("unknown");
  expect([scene.isPaused, scene.told]).toEqual([false, []]);
});

test("what an operator has paused before stays paused", async () => {
  const scene = new Scene();
  await scene.pause(true);
  await scene.becomes("fail");
  await scene.becomes("ok");
  expect(scene.isPaused).toBe(true);
  expect(scene.told).toEqual(["closed runs", "left-paused runs"]);
});

test("what an operator pauses meanwhile stays paused, whatever else is changed later", async () => {
  const scene = new Scene();
  await scene.becomes("fail");
  await scene.pause(true);
  await scene.becomes("fail");
  await scene.api.updatePool("runs", { concurrency_limit: 5 });
  await scene.becomes("ok");
  expect(scene.isPaused).toBe(true);
  expect(scene.told).toEqual(["closed runs", "left-paused runs"]);
});

test("what an operator opens meanwhile stays open, until the check has held again", async () => {
  const scene = new Scene();
  await scene.becomes("fail");
  await scene.pause(false);
  await scene.becomes("fail");
  await scene.becomes("hangs");
  expect([scene.isPaused, scene.told]).toEqual([false, ["closed runs", "overruled runs"]]);
  await scene.becomes("ok");
  await scene.becomes("fail");
  expect(scene.isPaused).toBe(true);
});

test("a server that is away is told when it is back; the next daemon goes on from there", async () => {
  const scene = new Scene();
  scene.api.answers.set("pools", away);
  await scene.becomes("fail");
  expect(scene.isPaused).toBe(false);
  scene.api.answers.clear();
  await scene.clock.advance(10_000);
  expect(scene.isPaused).toBe(true);
  scene.closer[Symbol.dispose]();
  scene.closer = scene.begin();
  await scene.becomes("ok");
  expect(scene.isPaused).toBe(false);
});

test("what a server has refused at first is told of once it has been done", async () => {
  const scene = new Scene();
  scene.api.answers.set('update runs {"is_paused":true}', away);
  await scene.becomes("fail");
  expect(scene.told).toEqual([]);
  scene.api.answers.clear();
  await scene.clock.advance(30_000);
  expect([scene.isPaused, scene.told]).toEqual([true, ["closed runs"]]);
});

test("a pool that requires nothing any more is opened", async () => {
  const scene = new Scene();
  await scene.becomes("fail");
  scene.requires = [];
  await scene.becomes("fail");
  expect(scene.isPaused).toBe(false);
});

test("a pool that is yet to be made is closed as soon as it is there", async () => {
  const scene = new Scene();
  const { pools_ } = scene.api;
  scene.api.pools_ = [];
  await scene.becomes("fail");
  scene.api.pools_ = pools_;
  await scene.clock.advance(10_000);
  expect(scene.isPaused).toBe(true);
});
