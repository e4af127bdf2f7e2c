import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PoolConfig, ScheduleConfig } from "../../../src/config/config.ts";
import { readRemoteFile } from "../../../src/host/remote-file.ts";
import { converge, type Difficulty, type Round } from "../../../src/prefect/declared/converge.ts";
import { withCommand } from "../../../src/prefect/declared/job-template.ts";
import type { Blocker } from "../../../src/supervision/unit-state.ts";
import {
  configOf,
  defaultTemplate,
  deployment,
  failed,
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
}

/** One server, and rounds towards what is declared. */
function setUp({ pools = [], files = [], schedules = [] }: Declared) {
  const api = new ScriptedApi();
  const events: string[] = [];
  const conditions = new Map<string, Blocker | undefined>();
  const bad = new Set<string>();
  const { run, requests } = scriptedRun((command) => {
    for (const name of namesIn(command)) {
      if (bad.has(name)) return failed(`ValueError: ${name} is bad`);
      api.deployments_.push(deployment(name));
    }
    return {};
  });
  const config = configOf({
    pools,
    deployments: files.map((file, index) => ({
      prefectYaml: join(folder, file),
      schedules: index === 0 ? schedules : [],
    })),
  });
  const round = (known: readonly Difficulty[] = []): Promise<Round> =>
    converge({
      config,
      api,
      deploying: { run, program: "prefect", env: {} },
      read: readRemoteFile,
      known,
      defaultTemplate: () => Promise.resolve({ kind: "known", template: defaultTemplate }),
      workersStarted: () => Promise.resolve(),
      setCondition: (name, blocker) => {
        conditions.set(name, blocker);
        events.push(`${name}: ${blocker?.kind ?? "met"} after ${api.writes.length} writes`);
      },
      log: (message) => events.push(message),
      signal,
    });
  return { api, bad, conditions, events, requests, round };
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
    expect(await round()).toEqual(inOrder);
    expect(api.writes).toEqual(["create runs", "create more", "create schedules id-a"]);
    expect(requests.map(({ command }) => namesIn(command))).toEqual([["a", "b"]]);
    expect(events).toEqual([
      "pool runs: created",
      "pool runs: met after 1 writes",
      "pool more: created",
      "pool more: met after 2 writes",
      "making 2 deployments: a, b",
      "made 2 deployments: a, b",
      "a/a: 1 schedule made",
    ]);
  });

  test("costs no write and no command once it is there", async () => {
    const { api, events, requests, round } = setUp(everything);
    await round();
    const writes = api.writes.length;
    events.length = 0;
    expect(await round()).toEqual(inOrder);
    expect(api.writes).toHaveLength(writes);
    expect(requests).toHaveLength(1);
    expect(events).toEqual(["pool runs: met after 3 writes", "pool more: met after 3 writes"]);
  });

  test("says of a limit that it changes what it was", async () => {
    const { api, events, round } = setUp({ pools: [pool("runs", { concurrencyLimit: 2 })] });
    api.pools_ = [onServer("runs", { concurrency_limit: 7 })];
    expect(await round()).toEqual(inOrder);
    expect(api.writes).toEqual(['update runs {"concurrency_limit":2}']);
    expect(events).toContain("pool runs: limit set from 7 to 2");
  });

  test("that is nothing is in order", async () => {
    const { api, round } = setUp({});
    expect(await round()).toEqual(inOrder);
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
    expect(await round()).toEqual({
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
      expect(await round()).toEqual({
        kind: "done",
        difficulties: [
          { id: "pool runs", what: `pool runs is not right: Prefect answered ${status}: so it is` },
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
      expect(await round()).toEqual(inOrder);
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
      expect(events.filter((event) => event.startsWith("made"))).toHaveLength(
        diesAfter > 3 ? 1 : 0,
      );
      api.diesAfter = Number.POSITIVE_INFINITY;
      expect(await round(), `after ${diesAfter} calls`).toEqual(inOrder);
      expect(api.deployments_.map(({ name }) => name).toSorted()).toEqual(["a", "b"]);
    }
    expect(calls).toBe(6);
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
    expect(await round()).toEqual({
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
    expect(events).toContain("made 1 deployment: b");
  });

  test("one that could not be made is not tried again for nothing, and stays a difficulty", async () => {
    const { bad, requests, round } = setUp({ pools: [pool("runs")], files: ["two.yaml"] });
    bad.add("a");
    const first = await round();
    const tries = requests.length;
    expect(first.kind === "done" && (await round(first.difficulties))).toEqual(first);
    expect(requests).toHaveLength(tries);
    bad.clear();
    expect(await round()).toEqual(inOrder);
  });

  test("one whose pool nobody has is not tried", async () => {
    const { requests, round } = setUp({ pools: [pool("runs")], files: ["lost.yaml"] });
    expect(await round()).toEqual({
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
    expect(await round()).toEqual(inOrder);
    expect(api.deployments_.map(({ name }) => name)).toEqual(["lost"]);
  });

  test("a file that cannot be read, or names nobody, does not stop the others", async () => {
    const files = ["broken.yaml", "unnamed.yaml", "gone.yaml", "two.yaml"];
    const { api, round } = setUp({ pools: [pool("runs")], files });
    const done = await round();
    const difficulties = done.kind === "done" ? done.difficulties : [];
    expect(difficulties.map(({ id }) => id)).toEqual([
      `file ${folder}/broken.yaml`,
      `unnamed ${folder}/unnamed.yaml`,
      `file ${folder}/gone.yaml`,
    ]);
    expect(difficulties.map(({ what }) => what)).toEqual([
      expect.stringMatching(/broken\.yaml cannot be read: .+ None of its deployments is made$/),
      `2 deployments in ${folder}/unnamed.yaml have no name: Prefect skips them`,
      expect.stringMatching(/gone\.yaml cannot be read: No such file or directory/),
    ]);
    expect(difficulties.every(({ cure }) => cure !== undefined)).toBe(true);
    expect(api.deployments_).toHaveLength(2);
  });
});

describe("schedules", () => {
  const declared = { pools: [pool("runs")], files: ["two.yaml"], schedules: [schedule] };

  test("one for a deployment that does not exist is a difficulty", async () => {
    const { round } = setUp({ ...declared, schedules: [{ ...schedule, deployment: "a/zzz" }] });
    expect(await round()).toEqual({
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
    api.answers.set("create schedules id-a", refused(422));
    expect(await round()).toEqual({
      kind: "done",
      difficulties: [
        {
          id: "schedule a/a",
          what: "the schedule of a/a could not be put right: Prefect answered 422: so it is",
          cure: "Correct it, then reload",
        },
      ],
    });
    api.answers.set("create schedules id-a", refused(503));
    expect((await round()).kind).toBe("cut-short");
  });
});

describe("a command of somebody's own", () => {
  const own = "python -m mine";

  test("in a pool's template is respected, and its workers start", async () => {
    const { api, conditions, round } = setUp({ pools: [pool("runs")] });
    api.pools_ = [onServer("runs", { base_job_template: withCommand(defaultTemplate, own) })];
    expect(await round()).toMatchObject({
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
    const { difficulties } = (await round()) as Extract<Round, { kind: "done" }>;
    expect(difficulties.map(({ id }) => id)).toEqual(["command a/a"]);
  });
});
