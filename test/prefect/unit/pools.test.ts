import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NewWorkPool, PoolChange, PrefectApi } from "../../../src/prefect/api/client.ts";
import { type AskedTemplate, withCommand } from "../../../src/prefect/declared/job-template.ts";
import { performPoolStep, planPools } from "../../../src/prefect/declared/pools.ts";
import { defaultTemplate, onServer, ourTemplate, pool, ScriptedApi, signal } from "./given.ts";

const foreignTemplate = withCommand(defaultTemplate, "nice python -m prefect.engine");

const nothing = { steps: [], mismatches: [], foreignCommands: [] };

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
    expect(planPools([declared], actual)).toEqual({ ...nothing, steps });
  });

  test("one of another type gets no step, not even for its limit", () => {
    const declared = pool("a", limited(2));
    const actual = [onServer("a", { type: "docker", concurrency_limit: 7 })];
    expect(planPools([declared], actual)).toEqual({
      ...nothing,
      mismatches: [{ pool: declared, actualType: "docker" }],
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
        for (const step of planPools(wanted, there).steps) {
          await performPoolStep(api, step, knownTemplate, signal);
        }
        expect(planPools(wanted, api.pools_).steps).toEqual([]);
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
      steps: [{ kind: "set-template", pool: declared, template }],
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
      foreignCommands: [declared],
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
    return { sent, api: Object.assign(new ScriptedApi() as PrefectApi, api) };
  }

  test("says the type, for Prefect's own default is another", async () => {
    const { sent, api } = recording();
    const step = { kind: "create", pool: pool("a", { detached: false }) } as const;
    await performPoolStep(api, step, knownTemplate, signal);
    expect(sent).toEqual([{ name: "a", type: "process" }]);
  });

  test("makes a pool with its limit, so that no worker ever sees it without", async () => {
    const { sent, api } = recording();
    const step = { kind: "create", pool: pool("a", { ...limited(3), detached: false }) } as const;
    await performPoolStep(api, step, knownTemplate, signal);
    expect(sent).toEqual([{ name: "a", type: "process", concurrency_limit: 3 }]);
  });

  test.each([
    ["create", [{ name: "a", type: "process", base_job_template: ourTemplate }]],
    ["set-template", [["a", { base_job_template: ourTemplate }]]],
  ] as const)("%s gives a pool Prefect's template with our command", async (kind, expected) => {
    const { sent, api } = recording();
    const step = { kind, pool: pool("a"), template: undefined } as const;
    await performPoolStep(api, step, knownTemplate, signal);
    expect(sent).toEqual(expected);
  });

  test("writes nothing where the template cannot be had", async () => {
    const { sent, api } = recording();
    const unknown = () => Promise.resolve({ kind: "failed", why: "no such module" } as const);
    const answer = await performPoolStep(api, { kind: "create", pool: pool("a") }, unknown, signal);
    expect(answer).toEqual({ kind: "unreachable", why: "no such module" });
    expect(sent).toEqual([]);
  });

  test("changes the limit and nothing else", async () => {
    const { sent, api } = recording();
    const step = { kind: "set-limit", pool: pool("a"), from: 7, to: 2 } as const;
    await performPoolStep(api, step, knownTemplate, signal);
    expect(sent).toEqual([["a", { concurrency_limit: 2 }]]);
  });
});
