import { setImmediate as settle } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { StandInKeeper } from "../../src/daemon/stand-in-keeper.ts";
import type { StandInOptions, StandInRequest } from "../../src/prefect/ports.ts";
import { ms, seconds } from "../../src/supervision/time.ts";
import {
  type Blocker,
  initial,
  type Phase,
  type UnitEvent,
} from "../../src/supervision/unit-state.ts";
import type { UnitView } from "../../src/supervision/unit-view.ts";
import { configOf } from "../prefect/unit/given.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const since = ms(0);
const stopped: Phase = { kind: "down", since, why: "operator" };
const starting: Phase = { kind: "starting", spawnedAt: since, until: since };
const running: Phase = { kind: "running", spawnedAt: since, readySince: since, unready: undefined };
const volume: Blocker = { kind: "volume", why: "there is no volume" };
const waiting = (...blockers: Blocker[]): Phase => ({ kind: "waiting", since, blockers });
const ended: UnitEvent = { kind: "start-requested" };
const preflightDone: UnitEvent = { kind: "preflight-done", generation: 1, blockers: [volume] };

const client: StandInRequest = { path: "/api/hello", agent: "prefect/3.8.8 (API 0.8.4)" };

/** The keeper, with a port that obeys the test and tells what happens at it. */
class Scene {
  readonly clock = new VirtualClock();
  readonly happened: string[] = [];
  readonly said: string[] = [];
  isTaken = false;
  #phase: Phase | undefined = running;
  #options: StandInOptions | undefined;
  readonly keeper = new StandInKeeper({
    clock: this.clock,
    server: () => this.#server(),
    log: (_, message) => this.said.push(message),
    open: (options) => {
      const { port } = options;
      if (this.isTaken) return Promise.resolve(undefined);
      this.happened.push(`open ${port}`);
      this.#options = options;
      return Promise.resolve({
        leave: () => {
          this.happened.push(`leave ${port}`);
          return Promise.resolve();
        },
        dismiss: () => this.happened.push(`dismiss ${port}`),
      });
    },
  });

  static async make(phase: Phase, config: Config = configOf()): Promise<Scene> {
    const scene = new Scene();
    scene.#phase = phase;
    await scene.keeper.apply(config);
    return scene;
  }

  async becomes(phase: Phase, event = ended): Promise<void> {
    const from = { ...initial, phase: this.#phase ?? stopped };
    this.#phase = phase;
    this.keeper.serverChanged(this.#server() as UnitView, from, event);
    await settle();
  }

  async disappears(): Promise<void> {
    this.#phase = undefined;
    await this.keeper.apply(configOf());
  }

  /** What a client is told: to wait, or after how many seconds to come back. */
  ask(request = client): string {
    const { isStartNear, canWait, reply } = this.#options as StandInOptions;
    if (isStartNear() && canWait(request)) return "wait";
    return `after ${reply(request).headers["Retry-After"]}`;
  }

  #server(): UnitView | undefined {
    const phase = this.#phase;
    const rules = { restart: { breaker: {} }, stopLadder: [], startTimeout: seconds(1) };
    const spec = { name: "server", rules } as unknown as UnitView["spec"];
    return phase && { spec, state: { ...initial, phase }, pid: undefined };
  }
}

test("the server is stopped and started again: somebody is always there", async () => {
  const scene = await Scene.make(running);
  expect(scene.happened).toEqual([]);
  await scene.becomes(stopped);
  expect(scene.happened).toEqual(["open 4200"]);
  await scene.becomes(waiting());
  await scene.keeper.release();
  await scene.becomes(starting);
  expect(scene.happened).toEqual(["open 4200", "leave 4200"]);
  await scene.becomes(running);
  expect(scene.happened).toEqual(["open 4200", "leave 4200", "dismiss 4200"]);
  expect(scene.clock.pending).toBe(0);
});

test("those who have waited are sent to the server one after the other", async () => {
  const scene = await Scene.make(stopped);
  scene.ask();
  await scene.becomes(running);
  expect([scene.ask(), scene.ask(), scene.ask()]).toEqual(["after 0", "after 0.1", "after 0.2"]);
});

test("after a sudden death nobody is in the way of the new start, not for a moment", async () => {
  const scene = await Scene.make(running);
  await scene.becomes(waiting());
  const isReleased = scene.keeper.release().then(() => true);
  expect(await Promise.race([isReleased, settle(false)])).toBe(true);
  expect(scene.happened).toEqual([]);
});

describe("before a start", () => {
  test("everybody who was sent away is given the time to come back, and made to wait", async () => {
    const scene = await Scene.make(stopped);
    expect(scene.ask()).toBe("after 2");
    await scene.clock.advance(1_000);
    await scene.becomes(waiting());
    const released = scene.keeper.release();
    expect(scene.ask()).toBe("wait");
    await scene.clock.advance(1_899);
    expect(scene.happened).toEqual(["open 4200"]);
    await scene.clock.advance(1);
    await released;
    expect(scene.happened).toEqual(["open 4200", "leave 4200"]);
  });

  test("for one that was only looked at, or looked in long ago, nothing is put off", async () => {
    const scene = await Scene.make(stopped);
    expect(scene.ask()).toBe("after 2");
    await scene.clock.advance(2_900);
    expect(scene.ask({ path: "/", agent: "Mozilla/5.0" })).toBe("after 2");
    await scene.becomes(waiting());
    await scene.keeper.release();
    expect(scene.happened).toEqual(["open 4200", "leave 4200"]);
  });

  test("that is called off, it stays", async () => {
    const scene = await Scene.make(stopped);
    scene.ask();
    await scene.becomes(waiting());
    const released = scene.keeper.release();
    await scene.becomes(stopped);
    await scene.clock.advance(10_000);
    await released;
    expect(scene.happened).toEqual(["open 4200"]);
    expect(scene.ask()).toBe("after 2");
  });

  test("that a volume prevents, it stays; and it comes back to one that fails at the last moment", async () => {
    const scene = await Scene.make(waiting(volume));
    await scene.becomes(waiting(volume), preflightDone);
    expect(scene.happened).toEqual(["open 4200"]);
    await scene.keeper.release();
    await scene.becomes(waiting(volume), preflightDone);
    expect(scene.happened).toEqual(["open 4200", "leave 4200", "open 4200", "dismiss 4200"]);
  });

  test("that is nothing, those who have waited are sent to the one who stands in now", async () => {
    const scene = await Scene.make(stopped);
    await scene.keeper.release();
    await scene.becomes(starting);
    await scene.becomes({ kind: "backing-off", since, until: ms(60_000) });
    expect(scene.happened).toEqual(["open 4200", "leave 4200", "open 4200", "dismiss 4200"]);
  });
});

test("a port that is not to be had is tried again, until it is or need not be", async () => {
  const scene = await Scene.make(running);
  scene.isTaken = true;
  await scene.becomes(stopped);
  await scene.clock.advance(3_000);
  expect(scene.happened).toEqual([]);
  scene.isTaken = false;
  await scene.clock.advance(1_000);
  expect(scene.happened).toEqual(["open 4200"]);
  expect(scene.clock.pending).toBe(0);
});

test("a server that is being stopped closes its port before it goes: that moment is not missed", async () => {
  const scene = await Scene.make(running);
  scene.isTaken = true;
  const cause = { kind: "operator" } as const;
  await scene.becomes({
    kind: "stopping",
    since,
    spawnedAt: since,
    readySince: since,
    isQuiescing: false,
    rung: 0,
    cause,
  });
  await scene.clock.advance(200);
  scene.isTaken = false;
  await scene.clock.advance(100);
  await scene.becomes(stopped);
  expect(scene.happened).toEqual(["open 4200"]);
});

test("the port is another: it moves, and tells where it is once for each absence", async () => {
  const scene = await Scene.make(stopped);
  await scene.keeper.apply(configOf());
  expect(scene.happened).toEqual(["open 4200"]);
  await scene.keeper.apply(configOf({ server: { port: 4300 } }));
  expect(scene.happened).toEqual(["open 4200", "leave 4200", "open 4300", "dismiss 4200"]);
  expect(scene.said).toEqual([expect.stringContaining("answers on 127.0.0.1:4200")]);
  await scene.becomes(starting);
  await scene.becomes(running);
  await scene.becomes(stopped);
  expect(scene.said[1]).toContain("answers on 127.0.0.1:4300");
});

test.each([
  ["there is no server any more", (scene: Scene) => scene.disappears()],
  [
    "all is stopped",
    async (scene: Scene) => {
      scene.keeper[Symbol.dispose]();
      await settle();
    },
  ],
])("%s: it goes at once, with all who wait", async (_, end) => {
  const scene = await Scene.make(stopped);
  await end(scene);
  expect(scene.happened).toEqual(["open 4200", "leave 4200", "dismiss 4200"]);
  expect(scene.clock.pending).toBe(0);
});
