import { expect, test } from "vitest";
import type { Answer } from "../../../src/prefect/api/transport.ts";
import { type Entangled, quiesce } from "../../../src/prefect/runs/quiesce.ts";
import { minutes, seconds } from "../../../src/supervision/time.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { away } from "./given.ts";

const claimed = { name: "blue-owl", kind: "claimed" } as const;
const attached = { name: "red-fox", kind: "attached" } as const;
const ok = (value: readonly Entangled[]): Answer<readonly Entangled[]> => ({ kind: "ok", value });

/** A worker whose runs are what `entangled` says at that time. */
function setUp(entangled: (elapsed: number) => Answer<readonly Entangled[]>) {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const waits: string[] = [];
  let looks = 0;
  const start = (closed: Answer<undefined> = { kind: "ok", value: undefined }) =>
    quiesce(
      {
        clock,
        close: () => Promise.resolve(closed),
        entangled: () => {
          looks += 1;
          return Promise.resolve(entangled(clock.now()));
        },
        drainTimeout: minutes(60),
        waiting: (runs) => waits.push(runs.map(({ name }) => name).join()),
      },
      abort.signal,
    );
  return { abort, clock, looks: () => looks, start, waits };
}

test("an idle worker is looked at twice: it may just be claiming", async () => {
  const { clock, looks, start } = setUp(() => ok([]));
  const result = start();
  await clock.advance(400);
  expect(await result).toEqual({ kind: "quiet" });
  expect(looks()).toBe(2);
});

test("a claim is waited for until it has its process, and the count begins anew", async () => {
  const { clock, looks, start, waits } = setUp((now) =>
    ok(now >= 400 && now < 1600 ? [claimed] : []),
  );
  const result = start();
  await clock.advance(2000);
  expect(await result).toEqual({ kind: "quiet" });
  expect(looks()).toBe(6);
  expect(waits).toEqual(["blue-owl", ""]);
});

test("a claim that never gets a process is given up after 20 s", async () => {
  const { clock, start } = setUp(() => ok([claimed]));
  const result = start();
  await clock.advance(seconds(20));
  expect(await result).toEqual({ kind: "gave-up", on: [claimed] });
  expect(clock.pending).toBe(0);
});

test("a run that is not detached is waited for as long as a drain", async () => {
  const { clock, start } = setUp((now) => ok(now < minutes(59) ? [attached] : []));
  const result = start();
  await clock.advance(minutes(60));
  expect(await result).toEqual({ kind: "quiet" });
});

test.each([away, { kind: "refused", status: 500, why: "no" } as const])(
  "a server that does not answer lets nobody claim: nothing is waited for",
  async (answer) => {
    const { start, clock } = setUp(() => answer);
    expect(await start()).toMatchObject({ kind: "server-away" });
    expect(await start(answer)).toMatchObject({ kind: "server-away" });
    expect(clock.pending).toBe(0);
  },
);

test("it can be cut short", async () => {
  const { abort, clock, start } = setUp(() => ok([attached]));
  const result = start();
  await clock.advance(1000);
  abort.abort();
  expect(await result).toEqual({ kind: "cut-short" });
  expect(clock.pending).toBe(0);
});
