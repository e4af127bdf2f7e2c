import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Config, PoolConfig, ScheduleConfig } from "../../../src/config/config.ts";
import { converge, type Round } from "../../../src/prefect/declared/converge.ts";
import { withCommand } from "../../../src/prefect/declared/job-template.ts";
import { Ledger } from "../../../src/prefect/declared/ledger.ts";
import { type FailedDeployments, type Plan, readPlan } from "../../../src/prefect/declared/plan.ts";
import { stepWords } from "../../../src/prefect/declared/steps.ts";
import type { RemoteSums } from "../../../src/prefect/ports.ts";
import type { Blocker } from "../../../src/supervision/unit-state.ts";
import {
  configOf,
  defaultTemplate,
  deployment,
  failed,
  ledgerFiles,
  namesIn,
  onServer,
  pool,
  refused,
  ScriptedApi,
  scriptedRun,
  signal,
} from "./given.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "converge-"));
  const entry = (name: string, of = "runs") =>
    `- {name: ${name}, entrypoint: 'flows/${name}.py:${name}', work_pool: {name: ${of}}}\n`;
  const of = (...entries: readonly string[]) => `deployments:\n${entries.join("")}`;
  await writeFile(join(folder, "two.yaml"), of(entry("a"), entry("b")));
  await writeFile(join(folder, "lost.yaml"), of(entry("lost", "nope")));
  await writeFile(join(folder, "unnamed.yaml"), "deployments: [{entrypoint: x}, {name: ''}]\n");
  await writeFile(join(folder, "broken.yaml"), "deployments: [\n");
});
afterAll(() => rm(folder, { recursive: true }));

interface Declared {
  readonly pools?: readonly PoolConfig[];
  readonly files?: readonly string[];
  readonly schedules?: readonly ScheduleConfig[];
  readonly limits?: Config["concurrencyLimits"];
  readonly prune?: boolean;
  readonly drift?: Partial<Config["drift"]>;
}

/** One server, and rounds towards what is declared. */
function setUp(wanted: Declared) {
  const { pools = [], files = [], schedules = [], limits = [], prune = false, drift = {} } = wanted;
  const api = new ScriptedApi();
  const events: string[] = [];
  const conditions = new Map<string, Blocker | undefined>();
  const bad = new Set<string>();
  const { run, requests } = scriptedRun((command) => {
    for (const name of namesIn(command)) {
      if (bad.has(name)) return failed(`ValueError: ${name} is bad`);
      api.deploy(name);
    }
    return {};
  });
  const config = configOf({
    pools,
    deployments: files.map((file, index) => ({
      prefectYaml: join(folder, file),
      schedules: index === 0 ? schedules : [],
      prune,
    })),
    concurrencyLimits: limits,
    drift,
  });
  const stored = new Map<string, string>();
  const store = ledgerFiles(stored);
  let ledger = new Ledger(store, "declared.json");
  const failedBefore: FailedDeployments = new Map();
  const goneBefore = new Set<string>();
  const code = new Map<string, string>();
  let hangs: RemoteSums | undefined;
  const reading = {
    config,
    api,
    files: {
      read: (path: string) =>
        readFile(path, "utf8").then(
          (text) => ({ kind: "text", text }) as const,
          (error: unknown) => ({ kind: "failed", why: String(error) }) as const,
        ),
      sums: (paths: readonly string[]) => {
        const known = paths.flatMap((path) => {
          const sum = code.get(path.slice(folder.length + 1));
          return sum === undefined ? [] : [[path, sum] as const];
        });
        return Promise.resolve(hangs ?? ({ kind: "sums", sums: new Map(known) } as const));
      },
    },
    profileStep: () => Promise.resolve(undefined),
    signal,
  };
  const round = async (mode: "keep" | "apply" = "keep"): Promise<Round> => {
    await ledger.open();
    return converge({
      ...reading,
      ledger,
      mode,
      failedBefore,
      goneBefore,
      run,
      program: "prefect",
      env: {},
      observer: {
        started: () => undefined,
        done: (step) => events.push(stepWords(step)),
        failed: ({ kind, name }, why) => events.push(`${kind} ${name} failed: ${why}`),
      },
      defaultTemplate: () => Promise.resolve({ kind: "known", template: defaultTemplate }),
      workersStarted: () => Promise.resolve(),
      setCondition: (name, blocker) => {
        conditions.set(name, blocker);
        events.push(`${name}: ${blocker?.kind ?? "met"} after ${api.writes.length} writes`);
      },
    });
  };
  return {
    api,
    bad,
    code,
    conditions,
    config,
    events,
    failedBefore,
    requests,
    round,
    plan: async (): Promise<Plan> => {
      await ledger.open();
      const answer = await readPlan({ ...reading, ledger, failedBefore });
      if (answer.kind !== "ok") throw new Error(answer.why);
      return answer.value;
    },
    /** The file system of the code does not answer any more. */
    hang: () => {
      hangs = { kind: "failed", why: "the file system has not answered" };
    },
    /** As the next daemon has it. */
    restart: () => {
      ledger = new Ledger(store, "declared.json");
    },
    stored,
    locked: store.locked,
  };
}

/** What is wrong after a round that went to its end. */
function told(round: Round) {
  if (round.kind !== "done") return round;
  return { kind: "done", difficulties: round.plan.difficulties };
}

const inOrder = { kind: "done", difficulties: [] } as const;

const schedule: ScheduleConfig = {
  deployment: "a/a",
  rule: { kind: "cron", cron: "0 3 * * *" },
  timezone: "UTC",
  active: true,
};

describe("all that is declared", () => {
  const everything = {
    pools: [pool("runs", { concurrencyLimit: 2 }), pool("more")],
    files: ["two.yaml"],
    schedules: [schedule],
  };

  test("is made in one round, pools before deployments before schedules", async () => {
    const { api, events, requests, round } = setUp(everything);
    expect(told(await round())).toEqual(inOrder);
    expect(api.writes).toEqual(["create runs", "create more", "create schedule id-a sails-1"]);
    expect(requests.map(({ command }) => namesIn(command))).toEqual([["a", "b"]]);
    expect(events).toEqual([
      "pool runs: met after 1 writes",
      "pool runs: created",
      "pool more: met after 2 writes",
      "pool more: created",
      "deployment a: created",
      "deployment b: created",
      "schedule a/a sails-1: created",
    ]);
  });

  test("costs no write and no command once it is there", async () => {
    const { api, events, requests, round } = setUp(everything);
    await round();
    const writes = api.writes.length;
    events.length = 0;
    expect(told(await round())).toEqual(inOrder);
    expect(api.writes).toHaveLength(writes);
    expect(requests).toHaveLength(1);
    expect(events).toEqual(["pool runs: met after 3 writes", "pool more: met after 3 writes"]);
  });

  test("says of a limit that it changes what it was", async () => {
    const { api, events, round } = setUp({ pools: [pool("runs", { concurrencyLimit: 2 })] });
    api.pools_ = [onServer("runs", { concurrency_limit: 7 })];
    expect(told(await round())).toEqual(inOrder);
    expect(api.writes).toEqual(['update runs {"concurrency_limit":2}']);
    expect(events).toContain("limit runs: concurrency_limit 7 → 2");
  });

  test("that is nothing is in order", async () => {
    const { api, round } = setUp({});
    expect(told(await round())).toEqual(inOrder);
    expect(api.writes).toEqual([]);
  });
});

describe("pools", () => {
  test("one that is right lets its workers go before anything is written for the others", async () => {
    const { api, events, round } = setUp({ pools: [pool("new"), pool("old")] });
    api.pools_ = [onServer("old")];
    await round();
    expect(events[0]).toBe("pool old: met after 0 writes");
  });

  test("one of another type is a difficulty with a cure, and no hindrance for others", async () => {
    const { api, conditions, round } = setUp({ pools: [pool("runs"), pool("more")] });
    api.pools_ = [onServer("runs", { type: "docker" })];
    expect(told(await round())).toEqual({
      kind: "done",
      difficulties: [
        {
          id: "pool runs",
          what: "pool runs is of type docker, not process",
          cure: "Set its type to docker in the configuration, or delete the pool in Prefect",
        },
      ],
    });
    expect(conditions.get("pool runs")).toMatchObject({
      kind: "config",
      cure: expect.stringMatching(/docker/),
    });
    expect(conditions.get("pool more")).toBeUndefined();
    expect(api.writes).toEqual(["create more"]);
  });

  test.each([403, 409, 422])(
    "one that is refused with %i keeps its own workers waiting",
    async (status) => {
      const { api, conditions, round } = setUp({ pools: [pool("runs"), pool("more")] });
      api.answers.set("create runs", refused(status));
      expect(told(await round())).toEqual({
        kind: "done",
        difficulties: [
          {
            id: "pool runs",
            what: `pool runs could not be created: Prefect answered ${status}: so it is`,
            cure: "Correct it, then `sails-supervisor reload`",
          },
        ],
      });
      expect(conditions.get("pool runs")?.kind).toBe("dependency");
      expect(conditions.has("pool more") && conditions.get("pool more")).toBeUndefined();
    },
  );

  test.each([500, 503])(
    "%i is nobody's mistake: the round is done again, the others are served",
    async (status) => {
      const { api, conditions, round } = setUp({
        pools: [pool("runs"), pool("more")],
        files: ["two.yaml"],
      });
      api.answers.set("create runs", refused(status));
      expect(await round()).toEqual({
        kind: "cut-short",
        why: `Prefect answered ${status}: so it is`,
      });
      expect(conditions.get("pool runs")?.why).toMatch(String(status));
      expect([conditions.has("pool more"), conditions.get("pool more")]).toEqual([true, undefined]);
      api.answers.clear();
      expect(told(await round())).toEqual(inOrder);
      expect(conditions.get("pool runs")).toBeUndefined();
    },
  );
});

describe("an API that goes away", () => {
  const declared = { pools: [pool("runs")], files: ["two.yaml"], schedules: [schedule] };

  test("cuts the round short wherever it goes, and the next round finishes the work", async () => {
    const whole = setUp(declared);
    await whole.round();
    const calls = whole.api.calls.length;
    for (let diesAfter = 0; diesAfter < calls; diesAfter += 1) {
      const { api, events, round } = setUp(declared);
      api.diesAfter = diesAfter;
      expect((await round()).kind, `after ${diesAfter} calls`).toBe("cut-short");
      expect(events.filter((event) => event === "deployment a: created")).toHaveLength(
        diesAfter > 3 ? 1 : 0,
      );
      api.diesAfter = Number.POSITIVE_INFINITY;
      expect(told(await round()), `after ${diesAfter} calls`).toEqual(inOrder);
      expect(api.deployments_.map(({ name }) => name).toSorted()).toEqual(["a", "b"]);
    }
    expect(calls).toBe(7);
  });

  test("before the first answer nothing is believed of any pool", async () => {
    const { api, conditions, requests, round } = setUp(declared);
    api.diesAfter = 0;
    await round();
    expect(conditions.size).toBe(0);
    expect(requests).toEqual([]);
  });

  test("while deploying is not taken for the deployments' fault", async () => {
    const { api, requests, round } = setUp(declared);
    api.diesAfter = 3;
    expect(await round()).toMatchObject({ kind: "cut-short" });
    expect(requests).toHaveLength(1);
  });
});

describe("deployments", () => {
  test("one that cannot be made is told with Prefect's words; the others are made", async () => {
    const { api, bad, events, round } = setUp({ pools: [pool("runs")], files: ["two.yaml"] });
    bad.add("a");
    expect(told(await round())).toEqual({
      kind: "done",
      difficulties: [
        {
          id: "deployment a",
          what: `deployment a (${folder}/two.yaml) could not be made: \`prefect deploy\` exited with status 1: ValueError: a is bad`,
          cure: "Correct what it says, then `sails-supervisor reload`",
        },
      ],
    });
    expect(api.deployments_.map(({ name }) => name)).toEqual(["b"]);
    expect(events).toContain("deployment b: created");
  });

  test("one whose pool nobody has is not tried", async () => {
    const { requests, round } = setUp({ pools: [pool("runs")], files: ["lost.yaml"] });
    expect(told(await round())).toEqual({
      kind: "done",
      difficulties: [
        {
          id: "deployment lost",
          what: `deployment lost (${folder}/lost.yaml) names the pool nope, which is neither declared nor on the server: nothing would run it`,
          cure: "Add nope to pools: in the configuration, or name another pool in the file",
        },
      ],
    });
    expect(requests).toEqual([]);
  });

  test("one whose pool somebody has made by hand is made", async () => {
    const { api, round } = setUp({ files: ["lost.yaml"] });
    api.pools_ = [onServer("nope")];
    expect(told(await round())).toEqual(inOrder);
    expect(api.deployments_.map(({ name }) => name)).toEqual(["lost"]);
  });

  test("a file that cannot be read, or names nobody, does not stop the others", async () => {
    const files = ["broken.yaml", "unnamed.yaml", "gone.yaml", "two.yaml"];
    const { api, round } = setUp({ pools: [pool("runs")], files });
    const done = await round();
    const difficulties = done.kind === "done" ? done.plan.difficulties : [];
    expect(difficulties.map(({ id }) => id)).toEqual([
      `file ${folder}/broken.yaml`,
      `unnamed ${folder}/unnamed.yaml`,
      `file ${folder}/gone.yaml`,
    ]);
    expect(difficulties.map(({ what }) => what)).toEqual([
      expect.stringMatching(
        /broken\.yaml cannot be read: .+ Its deployments are left as they are$/,
      ),
      `2 deployments in ${folder}/unnamed.yaml have no name: Prefect skips them`,
      expect.stringMatching(/gone\.yaml cannot be read: .*ENOENT/),
    ]);
    expect(difficulties.every(({ cure }) => cure !== undefined)).toBe(true);
    expect(api.deployments_).toHaveLength(2);
  });
});

describe("schedules", () => {
  const declared = { pools: [pool("runs")], files: ["two.yaml"], schedules: [schedule] };

  test("one for a deployment that does not exist is a difficulty", async () => {
    const { round } = setUp({ ...declared, schedules: [{ ...schedule, deployment: "a/zzz" }] });
    expect(told(await round())).toEqual({
      kind: "done",
      difficulties: [
        {
          id: "schedule a/zzz",
          what: "the schedule of a/zzz has nothing to start: there is no such deployment",
          cure: "Name it as FLOW/NAME, as `prefect deployment ls` shows it",
        },
      ],
    });
  });

  test("one that Prefect refuses is a difficulty, one for which it has no time is tried again", async () => {
    const { api, round } = setUp(declared);
    api.answers.set("create schedule id-a sails-1", refused(422));
    expect(told(await round())).toEqual({
      kind: "done",
      difficulties: [
        {
          id: "schedule a/a sails-1",
          what: "schedule a/a sails-1 could not be created: Prefect answered 422: so it is",
          cure: "Correct it, then `sails-supervisor reload`",
        },
      ],
    });
    api.answers.set("create schedule id-a sails-1", refused(503));
    expect((await round()).kind).toBe("cut-short");
  });
});

describe("a command of somebody's own", () => {
  const own = "python -m mine";

  test("in a pool's template is respected, and its workers start", async () => {
    const { api, conditions, round } = setUp({ pools: [pool("runs")] });
    api.pools_ = [onServer("runs", { base_job_template: withCommand(defaultTemplate, own) })];
    expect(told(await round())).toMatchObject({
      kind: "done",
      difficulties: [{ id: "command runs", what: expect.stringContaining("do not outlive") }],
    });
    expect(api.writes).toEqual([]);
    expect(conditions.get("pool runs")).toBeUndefined();
  });

  test("in a deployment is reported where runs are detached, and only there", async () => {
    const { api, round } = setUp({ pools: [pool("runs"), pool("more", { detached: false })] });
    api.deployments_ = [
      deployment("a", { command: own }),
      deployment("b", { command: own, poolName: "more" }),
      deployment("c"),
    ];
    const { plan } = (await round()) as Extract<Round, { kind: "done" }>;
    const { difficulties } = plan;
    expect(difficulties.map(({ id }) => id)).toEqual(["command a/a"]);
  });
});

describe("what somebody has changed in Prefect", () => {
  const declared = {
    pools: [pool("runs", { concurrencyLimit: 2, description: "Light" })],
    files: ["two.yaml"],
    schedules: [schedule],
    limits: [{ name: "archive", limit: 3 }],
  };

  /** By other hands: a limit, a description, a deployment, a schedule. */
  async function changed(more: Partial<Declared> = {}) {
    const there = setUp({ ...declared, ...more });
    expect(told(await there.round())).toEqual(inOrder);
    const { api } = there;
    api.pools_ = api.pools_.map((each) => ({ ...each, concurrency_limit: 9, description: "x" }));
    api.limits_ = [{ name: "archive", limit: 9 }];
    api.edit("id-b", { settings: { ...deployment("b").settings, tags: ["x"] } });
    const [first] = api.schedulesOf("id-a");
    if (first === undefined) throw new Error("no schedule");
    api.edit("id-a", { schedules: [{ ...first, schedule: { cron: "1 1 1 1 1" } }] });
    api.calls.length = 0;
    there.events.length = 0;
    there.restart();
    return there;
  }
  const limitsBack = ['update runs {"concurrency_limit":2}', "update limit archive 3"];
  const reported = ["drift pool runs", "drift deployment b/b", "drift schedule a/a sails-1"];

  test("is put back for limits, and told of for the rest, each time anew", async () => {
    const { api, round, requests } = await changed();
    const first = await round();
    expect(api.writes).toEqual(limitsBack);
    expect(requests).toHaveLength(1);
    const second = await round();
    for (const each of [first, second]) {
      if (each.kind !== "done") throw new Error(each.why);
      expect(each.plan.difficulties.map(({ id }) => id)).toEqual(reported);
      expect(each.plan.steps.map(({ kind, isReported }) => [kind, isReported])).toEqual([
        ["pool", true],
        ["deployment", true],
        ["schedule", true],
      ]);
    }
    expect(api.writes).toHaveLength(2);
  });

  test("is all put back by apply, and a second one writes nothing", async () => {
    const { api, round, requests } = await changed();
    expect(told(await round("apply"))).toEqual(inOrder);
    expect(requests).toHaveLength(2);
    const writes = api.writes.length;
    expect(told(await round("apply"))).toEqual(inOrder);
    expect(api.writes).toHaveLength(writes);
    expect(requests).toHaveLength(2);
  });

  test("is all put back where the configuration says so, and limits are not where it says that", async () => {
    const modes = { pools: "enforce", deployments: "enforce", schedules: "enforce" } as const;
    const all = await changed({ drift: modes });
    expect(told(await all.round())).toEqual(inOrder);
    const none = await changed({ drift: { limits: "report" } });
    const round = await none.round();
    expect(none.api.writes).toEqual([]);
    expect(round).toMatchObject({ plan: { steps: { length: 5 } } });
  });

  test("is in the plan, with what it was and what it is to be, and nothing is written", async () => {
    const { api, plan, requests } = await changed();
    const { steps } = await plan();
    expect(steps.map((step) => `${step.isReported} ${stepWords(step)}`)).toEqual([
      "false limit runs: concurrency_limit 9 → 2",
      "true pool runs: description x → Light",
      "false limit archive: limit 9 → 3",
      'true deployment b/b: tags ["x"] → []',
      "true schedule a/a sails-1: rule 1 1 1 1 1 → 0 3 * * * UTC",
    ]);
    expect(api.writes).toEqual([]);
    expect(requests).toHaveLength(1);
  });
});

describe("a ledger that cannot be read", () => {
  const declared = {
    pools: [pool("runs", { concurrencyLimit: 2, description: "Light" })],
    files: ["two.yaml"],
    schedules: [schedule],
    prune: true,
  };
  const newer = '{"version": 2, "claims": [], "interrupted": {}}';
  const asideOf = ({ stored }: ReturnType<typeof setUp>) =>
    [...stored].find(([path]) => path !== "declared.json");

  /** All is as an operator wants it, and the daemon does not know what it had made. */
  async function lost(damage: (text: string) => string | undefined, more: Partial<Declared> = {}) {
    const there = setUp({ ...declared, ...more });
    expect(told(await there.round())).toEqual(inOrder);
    const { api, stored } = there;
    api.pools_ = api.pools_.map((each) => ({ ...each, description: "theirs" }));
    const [first] = api.schedulesOf("id-a");
    if (first === undefined) throw new Error("no schedule");
    const byHand = { ...first, id: "by-hand", slug: null, schedule: { cron: "9 9 9 9 9" } };
    const rule = { cron: "1 1 1 1 1", timezone: "UTC" };
    api.edit("id-a", {
      paused: true,
      schedules: [{ ...first, active: false, schedule: rule }, byHand],
    });
    api.edit("id-b", { poolName: "theirs" });
    const text = stored.get("declared.json") ?? "";
    const damaged = damage(text);
    if (damaged === undefined) there.locked.add("declared.json");
    else stored.set("declared.json", damaged);
    api.calls.length = 0;
    there.restart();
    return { ...there, text, damaged, first };
  }

  test.each([
    ["nonsense", () => "\u0000\u0000"],
    ["nothing", () => ""],
    ["half a file", (text: string) => text.slice(0, text.length / 2)],
    ["of a newer version", () => newer],
    ["of nobody's rights", () => undefined],
  ])("%s: is kept aside, and nothing of an operator's is lost", async (_, damage) => {
    const there = await lost(damage);
    const { api, damaged, first, plan, requests, round, restart, stored, text } = there;
    const heldInPlan = await plan();
    expect(asideOf(there)).toBeUndefined();
    for (let rounds = 0; rounds < 2; rounds += 1) {
      const done = await round();
      if (done.kind !== "done") throw new Error(done.why);
      expect(done.plan.steps).toEqual(heldInPlan.steps);
      expect(done.plan.steps.map((step) => [step.isReported, stepWords(step)])).toEqual([
        [true, "pool runs: description theirs → Light"],
        [true, "deployment b/b: work_pool theirs → runs (not as the file has it)"],
        [true, "schedule a/a sails-1: rule 1 1 1 1 1 UTC → 0 3 * * * UTC"],
      ]);
      expect(done.plan.left.map(({ name, why }) => `${name}: ${why}`)).toEqual([
        "a/a: an operator has paused it",
        "a/a sails-1: an operator has paused it",
        "a/a: made by hand: 9 9 9 9 9",
      ]);
      restart();
    }
    expect(api.writes).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(asideOf(there)).toEqual([
      expect.stringMatching(/^declared\.json\.unreadable-/),
      damaged ?? text,
    ]);
    expect([...stored]).toHaveLength(2);

    // The operator has had a look, and lets it all be made so; what is paused stays so.
    expect(told(await round("apply"))).toEqual(inOrder);
    expect(api.schedulesOf("id-a")).toMatchObject([
      { active: false, schedule: first.schedule },
      { id: "by-hand" },
    ]);
    restart();
    expect(told(await round())).toEqual(inOrder);
  });

  test("is said, with what that means, until it does not matter any more", async () => {
    const { plan, round, restart } = await lost(() => "x");
    const about = ({ difficulties }: Plan) => difficulties.find(({ id }) => id === "declared.json");
    const said = about(await plan());
    expect(said?.what).toMatch(
      /^declared\.json cannot be read .*kept as declared\.json\.unreadable-\w+\. .*not known.*prune/s,
    );
    expect(said?.cure).toContain("sails-supervisor apply");
    const first = await round();
    expect(first.kind === "done" && about(first.plan)).toEqual(said);
    restart();
    expect(about(await plan())).toEqual(said);
    await round("apply");
    expect(about(await plan())).toBeUndefined();
    restart();
    expect(about(await plan())).toBeUndefined();
  });

  test("ends by itself where nothing differs, and a change of the declaration is made again", async () => {
    const there = setUp({ pools: [pool("runs", { description: "Light" })], files: ["two.yaml"] });
    await there.round();
    there.stored.set("declared.json", "x");
    there.restart();
    expect(told(await there.round())).toEqual(inOrder);
    there.restart();
    expect((await there.plan()).difficulties).toEqual([]);
  });

  test("has nobody's deployment deleted, and gives back what a deploy had taken", async () => {
    const file = join(folder, "left.yaml");
    await writeFile(file, await readFile(join(folder, "two.yaml"), "utf8"));
    const there = setUp({ ...declared, schedules: [], files: ["left.yaml"] });
    await there.round();
    const { api, round, stored } = there;
    const { interrupted: _, ...rest } = JSON.parse(stored.get("declared.json") ?? "");
    const interrupted = {
      "id-b": { paused: true, schedules: [], fileSlugs: [] },
      "id-a": "nonsense",
    };
    stored.set("declared.json", JSON.stringify({ ...rest, version: 9, interrupted }));
    there.restart();
    await writeFile(file, "deployments: []");
    for (let rounds = 0; rounds < 3; rounds += 1) await round();
    await round("apply");
    expect(api.deployments_.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(api.deployments_.map(({ paused }) => paused)).toEqual([false, true]);
  });
});

describe("what is declared has changed", () => {
  test("a file of code: those deployments alone, in one command", async () => {
    const { code, requests, round, restart } = setUp({
      pools: [pool("runs")],
      files: ["two.yaml"],
    });
    code.set("flows/a.py", "one");
    code.set("flows/b.py", "one");
    await round();
    restart();
    await round();
    expect(requests).toHaveLength(1);
    code.set("flows/b.py", "two");
    expect(told(await round())).toEqual(inOrder);
    expect(requests.map(({ command }) => namesIn(command))).toEqual([["a", "b"], ["b"]]);
    await round();
    expect(requests).toHaveLength(2);
  });

  test("code on a file system that hangs is not taken for other code, nor for none", async () => {
    const { code, hang, requests, round } = setUp({ pools: [pool("runs")], files: ["two.yaml"] });
    code.set("flows/a.py", "one");
    await round();
    hang();
    const done = await round();
    expect(requests).toHaveLength(1);
    expect(done).toMatchObject({
      plan: { steps: [], difficulties: [{ id: `file ${folder}/two.yaml` }] },
    });
  });

  test("one that failed is not tried again until something of it changes, or it is asked for", async () => {
    const { bad, code, failedBefore, requests, round } = setUp({
      pools: [pool("runs")],
      files: ["two.yaml"],
    });
    bad.add("a");
    const first = told(await round());
    expect(told(await round())).toEqual(first);
    expect(requests).toHaveLength(2);
    code.set("flows/a.py", "mended");
    bad.clear();
    expect(told(await round())).toEqual(inOrder);
    expect(failedBefore.size).toBe(0);
  });

  test("queues are put in their places, though Prefect moves others aside", async () => {
    const queue = (name: string, priority: number) => ({
      name,
      priority,
      concurrencyLimit: undefined,
    });
    const of = (...names: readonly string[]) => [
      pool("runs", { queues: names.map((name, i) => queue(name, i + 1)) }),
    ];
    const { api, round } = setUp({ pools: of("a", "b", "c") });
    await round();
    const places = () =>
      api.queues_.toSorted((x, y) => x.priority - y.priority).map(({ name }) => name);
    expect(places()).toEqual(["a", "b", "c"]);
    api.queues_ = api.queues_.map((each, i) => ({ ...each, priority: 3 - i }));
    expect(told(await round("apply"))).toEqual(inOrder);
    expect(places()).toEqual(["a", "b", "c"]);
    const writes = api.writes.length;
    expect(told(await round())).toEqual(inOrder);
    expect(api.writes).toHaveLength(writes);
  });
});

describe("a deployment that has left its file", () => {
  const declared = { pools: [pool("runs")], files: ["pruned.yaml"], prune: true };
  const entry = (name: string) =>
    `- {name: ${name}, entrypoint: 'flows/${name}.py:${name}', work_pool: {name: runs}}\n`;
  const write = (text: string) => writeFile(join(folder, "pruned.yaml"), text);
  const one = `deployments:\n${entry("a")}`;
  const both = `${one}${entry("b")}`;
  const names = ({ api }: ReturnType<typeof setUp>) => api.deployments_.map(({ name }) => name);

  async function made() {
    await write(both);
    const there = setUp(declared);
    expect(told(await there.round())).toEqual(inOrder);
    return there;
  }

  test("goes when two rounds have found it gone", async () => {
    const there = await made();
    await write(one);
    const first = await there.round();
    expect(first).toMatchObject({ plan: { steps: [{ name: "b/b", action: "remove" }] } });
    expect(names(there)).toEqual(["a", "b"]);
    expect(told(await there.round())).toEqual(inOrder);
    expect(names(there)).toEqual(["a"]);
  });

  test("goes at once by apply", async () => {
    const there = await made();
    await write(one);
    expect(told(await there.round("apply"))).toEqual(inOrder);
    expect(names(there)).toEqual(["a"]);
  });

  test("stays where the file was only being written", async () => {
    const there = await made();
    for (const text of ["", both, one, both]) {
      await write(text);
      await there.round();
    }
    expect(names(there)).toEqual(["a", "b"]);
    expect(there.api.writes.filter((call) => call.startsWith("delete"))).toEqual([]);
  });
});

describe("a server that refuses one write in five", () => {
  test.each([1, 2, 3, 4, 5])("gets all that is declared, once (%i)", async (oneIn) => {
    const { api, round } = setUp({
      pools: [pool("runs", { concurrencyLimit: 2 }), pool("more")],
      files: ["two.yaml"],
      schedules: [schedule, { ...schedule, timezone: "CET" }],
      limits: [{ name: "archive", limit: 3 }],
    });
    api.failsOneIn = oneIn + 1;
    const rounds: Round[] = [];
    while (rounds.at(-1)?.kind !== "done" && rounds.length < 20) rounds.push(await round());
    expect(told(rounds.at(-1) ?? { kind: "cut-short", why: "never" })).toEqual(inOrder);
    expect(api.pools_.map(({ name }) => name)).toEqual(["runs", "more"]);
    expect(api.deployments_.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(new Set(api.schedulesOf("id-a").map(({ slug }) => slug))).toEqual(
      new Set(["sails-1", "sails-2"]),
    );
    expect(api.schedulesOf("id-a")).toHaveLength(2);
    expect(api.limits_).toEqual([{ name: "archive", limit: 3 }]);
  });
});

describe("flow runs that nobody begins", () => {
  const late = (poolName: string | null) => ({
    name: "otter",
    work_pool_name: poolName,
    expected_start_time: "2026-01-01T03:00:00Z",
  });

  test("are told of where their pool has no worker, or where there is no pool", async () => {
    const { api, round } = setUp({ pools: [pool("runs")] });
    api.pools_ = [
      onServer("lost", { status: "NOT_READY" }),
      onServer("served", { status: "READY" }),
      onServer("resting", { status: "PAUSED", is_paused: true }),
    ];
    api.late = ["lost", "lost", "served", "resting", "runs", null].map(late);
    expect(told(await round())).toMatchObject({
      difficulties: [
        {
          id: "waiting lost",
          what: "2 flow runs wait in pool lost, which no worker serves, the first of them since 2026-01-01T03:00Z",
        },
        { id: "waiting" },
      ],
    });
  });
});

test("a plan of 100 pools and 500 deployments in order costs two questions and less than a second", async () => {
  const names = Array.from({ length: 500 }, (_, i) => `d${i}`);
  const entries = names.map(
    (name, i) =>
      `- {name: ${name}, entrypoint: 'flows/${name}.py:${name}', work_pool: {name: p${i % 100}}}\n`,
  );
  await writeFile(join(folder, "many.yaml"), `deployments:\n${entries.join("")}`);
  const pools = Array.from({ length: 100 }, (_, i) => pool(`p${i}`, { concurrencyLimit: 2 }));
  const { api, plan, round } = setUp({ pools, files: ["many.yaml"] });
  api.pools_ = pools.map(({ name }) => onServer(name, { concurrency_limit: 2 }));
  api.deployments_ = names.map((name, i) => deployment(name, { poolName: `p${i % 100}` }));
  await round();
  api.calls.length = 0;
  const before = process.cpuUsage();
  expect((await plan()).steps).toEqual([]);
  const { user, system } = process.cpuUsage(before);
  // Of a slow machine; the target is 1 s.
  expect((user + system) / 1e6).toBeLessThan(1);
  expect(api.calls).toEqual(["pools", "deployments"]);
});
