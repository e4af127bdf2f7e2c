import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NewWorkPool, PoolChange, PrefectApi } from "../../../src/prefect/api/client.ts";
import { performPoolStep, planPools } from "../../../src/prefect/declared/pools.ts";
import { onServer, pool, ScriptedApi, signal } from "./given.ts";

const limited = (concurrencyLimit: number) => ({ concurrencyLimit });

describe("the plan", () => {
  test.each([
    ["missing", pool("a", limited(2)), [], [{ kind: "create", pool: pool("a", limited(2)) }]],
    ["in order", pool("a", limited(2)), [onServer("a", { concurrency_limit: 2 })], []],
    ["without a limit of ours", pool("a"), [onServer("a", { concurrency_limit: 7 })], []],
    [
      "with another limit",
      pool("a", limited(2)),
      [onServer("a", { concurrency_limit: 7 })],
      [{ kind: "set-limit", pool: pool("a", limited(2)), from: 7, to: 2 }],
    ],
    [
      "without any limit on the server",
      pool("a", limited(2)),
      [onServer("a")],
      [{ kind: "set-limit", pool: pool("a", limited(2)), from: null, to: 2 }],
    ],
    [
      "whose name another one begins with",
      pool("a", limited(2)),
      [onServer("ab", { concurrency_limit: 2 })],
      [{ kind: "create", pool: pool("a", limited(2)) }],
    ],
  ] as const)("a pool %s", (_, declared, actual, steps) => {
    expect(planPools([declared], actual)).toEqual({ steps, mismatches: [] });
  });

  test("one of another type gets no step, not even for its limit", () => {
    const declared = pool("a", limited(2));
    const actual = [onServer("a", { type: "docker", concurrency_limit: 7 })];
    expect(planPools([declared], actual)).toEqual({
      steps: [],
      mismatches: [{ pool: declared, actualType: "docker" }],
    });
  });

  test("what is not declared, and what is paused, is left alone", () => {
    const actual = [onServer("hand-made"), onServer("a", { is_paused: true })];
    expect(planPools([pool("a")], actual)).toEqual({ steps: [], mismatches: [] });
  });

  test("performing the plan leaves nothing to plan", async () => {
    const name = fc.constantFrom("a", "b", "c", "d");
    const limit = fc.option(fc.integer({ min: 1, max: 9 }));
    const declared = fc.uniqueArray(
      fc
        .record({ name, limit })
        .map(({ name: each, limit: number }) =>
          pool(each, { concurrencyLimit: number ?? undefined }),
        ),
      { selector: (each) => each.name },
    );
    const actual = fc.uniqueArray(
      fc
        .record({ name, limit })
        .map(({ name: each, limit: number }) => onServer(each, { concurrency_limit: number })),
      { selector: (each) => each.name },
    );
    await fc.assert(
      fc.asyncProperty(declared, actual, async (wanted, there) => {
        const api = new ScriptedApi();
        api.pools_ = [...there];
        for (const step of planPools(wanted, there).steps) {
          await performPoolStep(api, step, signal);
        }
        expect(planPools(wanted, api.pools_)).toEqual({ steps: [], mismatches: [] });
        const names = [...wanted, ...there].map((each) => each.name);
        expect(new Set(api.pools_.map((each) => each.name))).toEqual(new Set(names));
      }),
      { numRuns: 200 },
    );
  });
});

describe("a step", () => {
  function recording() {
    const sent: unknown[] = [];
    const ok = { kind: "ok", value: undefined } as const;
    const api = {
      createPool: (made: NewWorkPool) => (sent.push(made), Promise.resolve(ok)),
      updatePool: (name: string, change: PoolChange) => (
        sent.push([name, change]), Promise.resolve(ok)
      ),
    };
    return { sent, api: Object.assign(new ScriptedApi() as PrefectApi, api) };
  }

  test("says the type, for Prefect's own default is another", async () => {
    const { sent, api } = recording();
    await performPoolStep(api, { kind: "create", pool: pool("a") }, signal);
    expect(sent).toEqual([{ name: "a", type: "process" }]);
  });

  test("makes a pool with its limit, so that no worker ever sees it without", async () => {
    const { sent, api } = recording();
    await performPoolStep(api, { kind: "create", pool: pool("a", limited(3)) }, signal);
    expect(sent).toEqual([{ name: "a", type: "process", concurrency_limit: 3 }]);
  });

  test("changes the limit and nothing else", async () => {
    const { sent, api } = recording();
    const step = { kind: "set-limit", pool: pool("a"), from: 7, to: 2 } as const;
    await performPoolStep(api, step, signal);
    expect(sent).toEqual([["a", { concurrency_limit: 2 }]]);
  });
});
