import { describe, expect, test } from "vitest";
import { Checks } from "../../src/checks/checks.ts";
import { describeCheck } from "../../src/checks/describe.ts";
import type { LeftBehind, Look, Looked, Looker, LookRequest } from "../../src/checks/ports.ts";
import type { Check } from "../../src/checks/target.ts";
import { ms, seconds } from "../../src/supervision/time.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const check = (name: string, changes: Partial<Check> = {}): Check => ({
  name,
  target: { kind: "command", command: [name] },
  every: seconds(30),
  timeout: seconds(10),
  failureThreshold: 2,
  successThreshold: 2,
  ...changes,
});

const answer = (status: number): Looked => ({
  kind: "ended",
  status,
  signal: undefined,
  output: "",
  isTooMuch: false,
});

/** What each check is answered with: a status; `silence` until it is killed; `deaf` for ever. */
class Scene implements Looker, Disposable {
  readonly clock = new VirtualClock();
  readonly answers = new Map<string, number | "silence" | "deaf">();
  readonly asked: string[] = [];
  readonly killed: string[] = [];
  readonly told: string[] = [];
  readonly left = new Map<string, LeftBehind>();
  /** Lets what is deaf go. */
  readonly wake = new Map<string, () => void>();
  readonly checks: Checks;

  constructor(...left: readonly (readonly [string, LeftBehind])[]) {
    for (const [name, one] of left) this.left.set(name, one);
    this.checks = new Checks({
      clock: this.clock,
      wallClock: () => new Date(this.clock.now()),
      looker: this,
      looked: () => undefined,
      changed: ({ check: { name }, state }) => this.told.push(`${name} ${state.kind}`),
    });
  }

  run({ check: name }: LookRequest): Look {
    this.asked.push(`${name} at ${this.clock.now() / 1000}`);
    const { promise, resolve } = Promise.withResolvers<Looked>();
    const said = this.answers.get(name) ?? 0;
    if (typeof said === "number") resolve(answer(said));
    const end = (): void => resolve({ ...(answer(0) as object), status: undefined } as Looked);
    this.wake.set(name, end);
    const kill = (): void => {
      this.killed.push(name);
      if (said !== "deaf") end();
    };
    return { ended: promise, kill };
  }

  get(url: string): Look {
    return this.run({ check: url, question: { kind: "command", command: [] } });
  }

  leftBehind(): ReadonlyMap<string, LeftBehind> {
    return this.left;
  }

  words(name: string): string {
    const view = this.checks.views.find((one) => one.check.name === name);
    if (view === undefined) throw new Error(`no check ${name}`);
    const { reason, next } = describeCheck(view, this.clock.now());
    return `${view.state.kind}: ${reason}; ${next}`;
  }

  [Symbol.dispose](): void {
    this.checks[Symbol.dispose]();
  }
}

test("checks of one period, and of periods that divide each other, wake us together", async () => {
  using scene = new Scene();
  await scene.clock.advance(7_000);
  scene.checks.declare([check("a"), check("b"), check("c", { every: seconds(60) })]);
  await scene.clock.advance(113_000);
  expect(scene.asked).toEqual([
    ...["a at 7", "b at 7", "c at 7", "a at 30", "b at 30"],
    ...["a at 60", "b at 60", "c at 60", "a at 90", "b at 90", "a at 120", "b at 120", "c at 120"],
  ]);
  expect(scene.clock.pending).toBe(1);
});

test("what is in doubt is looked at again soon, and believed after so many times", async () => {
  using scene = new Scene();
  scene.checks.declare([check("a")]);
  await scene.clock.advance(29_000);
  scene.answers.set("a", 3);
  await scene.clock.advance(5_000);
  expect(scene.words("a")).toBe(
    "ok: a went well; in doubt, for the last answer was: a ended with status 3; is looked at again in 1 s",
  );
  await scene.clock.advance(1_000);
  expect(scene.words("a")).toBe("fail: a ended with status 3; is looked at again in 25 s");
  expect(scene.told).toEqual(["a ok", "a fail"]);
});

describe("a check that does not answer", () => {
  test("is ended after its time, which is an answer", async () => {
    using scene = new Scene();
    scene.answers.set("a", "silence");
    scene.checks.declare([check("a"), check("b")]);
    await scene.clock.advance(10_000);
    expect(scene.killed).toEqual(["a"]);
    expect(scene.words("a")).toBe("fail: no answer within 10 s; is looked at again in 20 s");
    expect(scene.words("b")).toMatch(/^ok/);
  });

  test("and cannot be ended hangs: it is never asked twice, and delays nobody", async () => {
    using scene = new Scene();
    scene.answers.set("a", "deaf");
    scene.checks.declare([check("a"), check("b")]);
    await scene.clock.advance(100_000);
    expect(scene.asked.filter((each) => each.startsWith("a"))).toEqual(["a at 0"]);
    expect(scene.asked.filter((each) => each.startsWith("b"))).toHaveLength(4);
    expect(scene.words("a")).toBe(
      "hangs: command a hangs: a look that began 1 min 40 s ago has no answer and cannot be ended; is looked at again as soon as that look has ended",
    );
    scene.answers.set("a", 0);
    scene.wake.get("a")?.();
    await scene.clock.advance(5_000);
    expect(scene.asked.filter((each) => each.startsWith("a"))).toHaveLength(3);
    expect(scene.told).toEqual(["b ok", "a hangs", "a ok"]);
  });

  test("is not waited for when all is over", async () => {
    const scene = new Scene();
    scene.answers.set("a", "deaf");
    scene.checks.declare([check("a")]);
    await scene.clock.advance(0);
    scene[Symbol.dispose]();
    expect(scene.killed).toEqual(["a"]);
    scene.wake.get("a")?.();
    await scene.clock.advance(100_000);
    expect([scene.told, scene.asked, scene.clock.pending]).toEqual([[], ["a at 0"], 0]);
  });

  test("and was left by an earlier daemon is waited for, and told to hang", async () => {
    let isThere = true;
    using scene = new Scene(["a", { startedAt: new Date(-60_000), isThere: () => isThere }]);
    scene.checks.declare([check("a")]);
    await scene.clock.advance(31_000);
    expect([scene.asked, scene.told]).toEqual([[], ["a hangs"]]);
    isThere = false;
    await scene.clock.advance(35_000);
    expect(scene.asked[0]).toBe("a at 60");
  });
});

test("a change of the configuration leaves alone what is the same", async () => {
  using scene = new Scene();
  scene.checks.declare([check("a"), check("b")]);
  await scene.clock.advance(1_000);
  scene.checks.declare([check("b"), check("c")]);
  await scene.clock.advance(1_000);
  expect(scene.asked).toEqual(["a at 0", "b at 0", "c at 1"]);
  expect(scene.checks.views.map((view) => view.check.name)).toEqual(["b", "c"]);
  expect(ms(scene.clock.pending)).toBe(1);
});
