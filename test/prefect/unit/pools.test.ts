import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NewWorkPool, PoolChange, PrefectApi } from "../../../src/prefect/api/client.ts";
import type { DeclaredApi, WorkQueue } from "../../../src/prefect/api/declared.ts";
import { type AskedTemplate, withCommand } from "../../../src/prefect/declared/job-template.ts";
import {
  type PoolOrder,
  performPoolOrder,
  planPools as planAll,
} from "../../../src/prefect/declared/pools.ts";
import type { Claim } from "../../../src/prefect/declared/steps.ts";
import { defaultTemplate, onServer, ourTemplate, pool, ScriptedApi, signal } from "./given.ts";

const foreignTemplate = withCommand(defaultTemplate, "nice python -m prefect.engine");

const nothing = { orders: [], mismatches: [], problems: [] };

/** What would be done, without the words. */
function planPools(
  declared: Parameters<typeof planAll>[0],
  actual: Parameters<typeof planAll>[1],
  queues: readonly WorkQueue[] = [],
) {
  const plan = planAll(declared, actual, queues, () => false);
  return {
    orders: plan.planned.map(({ order }) => order),
    mismatches: plan.mismatches,
    problems: plan.difficulties.map(({ id }) => id),
  };
}

const knownTemplate = (): Promise<AskedTemplate> =>
  Promise.resolve({ kind: "known", template: defaultTemplate });

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
      [{ kind: "update", pool: pool("a", limited(2)), change: { concurrency_limit: 2 } }],
    ],
    [
      "without any limit on the server",
      pool("a", limited(2)),
      [onServer("a")],
      [{ kind: "update", pool: pool("a", limited(2)), change: { concurrency_limit: 2 } }],
    ],
    [
      "whose name another one begins with",
      pool("a", limited(2)),
      [onServer("ab", { concurrency_limit: 2 })],
      [{ kind: "create", pool: pool("a", limited(2)) }],
    ],
  ] as const)("a pool %s", (_, declared, actual, steps) => {
    expect(planPools([declared], actual)).toEqual({ ...nothing, orders: steps });
  });

  test("one of another type gets no step, not even for its limit", () => {
    const declared = pool("a", limited(2));
    const actual = [onServer("a", { type: "docker", concurrency_limit: 7 })];
    expect(planPools([declared], actual)).toEqual({
      ...nothing,
      mismatches: [{ pool: declared, actualType: "docker" }],
      problems: ["pool a"],
    });
  });

  test("what is not declared, and what is paused, is left alone", () => {
    const actual = [onServer("hand-made"), onServer("a", { is_paused: true })];
    expect(planPools([pool("a")], actual)).toEqual(nothing);
  });

  test("performing the plan leaves nothing to plan", async () => {
    const name = fc.constantFrom("a", "b", "c", "d");
    const limit = fc.option(fc.integer({ min: 1, max: 9 }));
    const template = fc.constantFrom({}, defaultTemplate, ourTemplate, foreignTemplate);
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
        .record({ name, limit, base_job_template: template })
        .map(({ name: each, limit: number, base_job_template }) =>
          onServer(each, { concurrency_limit: number, base_job_template }),
        ),
      { selector: (each) => each.name },
    );
    await fc.assert(
      fc.asyncProperty(declared, actual, async (wanted, there) => {
        const api = new ScriptedApi();
        api.pools_ = [...there];
        for (const order of planPools(wanted, there).orders) {
          await performPoolOrder(api, order, knownTemplate, signal);
        }
        expect(planPools(wanted, api.pools_).orders).toEqual([]);
        const names = [...wanted, ...there].map((each) => each.name);
        expect(new Set(api.pools_.map((each) => each.name))).toEqual(new Set(names));
      }),
      { numRuns: 200 },
    );
  });
});

describe("the template of", () => {
  const attached = { detached: false };
  test.each([
    ["a pool that no worker has served yet", pool("a"), {}, undefined],
    ["a pool as Prefect makes it", pool("a"), defaultTemplate, ourTemplate],
    ["a pool that is no longer detached", pool("a", attached), ourTemplate, defaultTemplate],
  ])("%s is changed, in its command alone", (_, declared, base_job_template, template) => {
    expect(planPools([declared], [onServer("a", { base_job_template })])).toEqual({
      ...nothing,
      orders: [{ kind: "set-template", pool: declared, template }],
    });
  });

  test.each([
    ["a pool in order", pool("a"), ourTemplate],
    ["a pool that is not detached", pool("a", attached), defaultTemplate],
    ["a pool that is not detached, with a command", pool("a", attached), foreignTemplate],
  ])("%s is left alone", (_, declared, base_job_template) => {
    expect(planPools([declared], [onServer("a", { base_job_template })])).toEqual(nothing);
  });

  test("a pool that starts no processes is left alone", () => {
    const docker = pool("a", { type: "docker" });
    const actual = onServer("a", { type: "docker", base_job_template: defaultTemplate });
    expect(planPools([docker], [actual])).toEqual(nothing);
  });

  test.each([
    ["has a command of somebody's", foreignTemplate],
    ["is not Prefect's", { variables: "all" }],
  ])("a pool that %s is respected, and reported", (_, base_job_template) => {
    const declared = pool("a");
    expect(planPools([declared], [onServer("a", { base_job_template })])).toEqual({
      ...nothing,
      problems: ["command a"],
    });
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
    return { sent, api: Object.assign(new ScriptedApi() as PrefectApi & DeclaredApi, api) };
  }

  test("says the type, for Prefect's own default is another", async () => {
    const { sent, api } = recording();
    const step = { kind: "create", pool: pool("a", { detached: false }) } as const;
    await performPoolOrder(api, step, knownTemplate, signal);
    expect(sent).toEqual([{ name: "a", type: "process" }]);
  });

  test("makes a pool with its limit, so that no worker ever sees it without", async () => {
    const { sent, api } = recording();
    const step = { kind: "create", pool: pool("a", { ...limited(3), detached: false }) } as const;
    await performPoolOrder(api, step, knownTemplate, signal);
    expect(sent).toEqual([{ name: "a", type: "process", concurrency_limit: 3 }]);
  });

  test.each([
    ["create", [{ name: "a", type: "process", base_job_template: ourTemplate }]],
    ["set-template", [["a", { base_job_template: ourTemplate }]]],
  ] as const)("%s gives a pool Prefect's template with our command", async (kind, expected) => {
    const { sent, api } = recording();
    const step = { kind, pool: pool("a"), template: undefined } as const;
    await performPoolOrder(api, step, knownTemplate, signal);
    expect(sent).toEqual(expected);
  });

  test("writes nothing where the template cannot be had", async () => {
    const { sent, api } = recording();
    const unknown = () => Promise.resolve({ kind: "failed", why: "no such module" } as const);
    const answer = await performPoolOrder(
      api,
      { kind: "create", pool: pool("a") },
      unknown,
      signal,
    );
    expect(answer).toEqual({ kind: "unreachable", why: "no such module" });
    expect(sent).toEqual([]);
  });

  test("changes the limit and nothing else", async () => {
    const { sent, api } = recording();
    const change = { concurrency_limit: 2 };
    const step: PoolOrder = { kind: "update", pool: pool("a"), change };
    await performPoolOrder(api, step, knownTemplate, signal);
    expect(sent).toEqual([["a", { concurrency_limit: 2 }]]);
  });
});

describe("what somebody has changed", () => {
  const description = "Light flows";
  const declared = [pool("a", { ...limited(2), description })];
  const changed = [onServer("a", { concurrency_limit: 7, description: "mine" })];

  test("is drift where it was as declared, and a wish of ours where it never was", () => {
    const steps = (claimed: readonly string[]) =>
      planAll(declared, changed, [], ({ key }: Claim) => claimed.includes(key)).planned.map(
        ({ step: { kind, isDrift, fields } }) => [kind, isDrift, fields[0]?.from],
      );
    expect(steps([])).toEqual([
      ["limit", false, 7],
      ["pool", false, "mine"],
    ]);
    expect(steps(["limit a concurrency_limit", "pool a description"])).toEqual([
      ["limit", true, 7],
      ["pool", true, "mine"],
    ]);
  });

  test("of what the file does not say is not looked at", () => {
    expect(planPools([pool("a")], changed)).toEqual(nothing);
  });

  test("a pool that nobody has declared is listed", () => {
    expect(planAll([], changed, [], () => false).left).toEqual([
      {
        kind: "pool",
        name: "a",
        reason: "not-declared",
        why: "a process pool that is not in the configuration",
      },
    ]);
  });
});

describe("queues", () => {
  const queue = (name: string, priority: number, concurrency_limit: number | null = null) => ({
    name,
    priority,
    concurrency_limit,
    work_pool_name: "a",
  });
  const of = (name: string, priority?: number, concurrencyLimit?: number) => ({
    name,
    priority,
    concurrencyLimit,
  });

  test("are made with what is said of them, and changed in nothing else", () => {
    const declared = [pool("a", { queues: [of("new", 2, 1), of("there"), of("other", 1)] })];
    const there = [queue("there", 9, 4), queue("other", 3), queue("hand-made", 5)];
    const { orders } = planPools(declared, [onServer("a")], there);
    expect(orders).toMatchObject([
      { kind: "update-queue", name: "other", change: { priority: 1 } },
      { kind: "create-queue", queue: { name: "new", concurrency_limit: 1, priority: 2 } },
    ]);
    expect(orders).toHaveLength(2);
  });

  test("a queue of the same name in another pool is another queue", () => {
    const declared = [pool("a", { queues: [of("q", 1)] })];
    const there = [{ ...queue("q", 1), work_pool_name: "b" }];
    expect(planPools(declared, [onServer("a")], there).orders).toMatchObject([
      { kind: "create-queue" },
    ]);
  });
});
