/** A real Prefect that fails, and what is declared: it comes to be so, and nothing is doubled. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PlanReport } from "../../src/control/plan.ts";
import { startBareServer } from "../support/bare-prefect-server.ts";
import { Workplace } from "../support/daemon-process.ts";
import { FlakyProxy } from "../support/flaky-proxy.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

interface Made {
  readonly id: string;
  readonly name: string;
  readonly paused: boolean;
  readonly updated: string;
  readonly tags: readonly string[];
  readonly schedules: readonly {
    readonly id: string;
    readonly slug: string | null;
    readonly active: boolean;
    readonly schedule: {
      readonly cron?: string;
      readonly interval?: number;
      readonly rrule?: string;
    };
  }[];
}

/** Anchors, templated values, pull steps, an empty schedule: what people have. */
const prefectYaml = (more = "") => `
name: project
pull:
  - prefect.deployments.steps.set_working_directory: {directory: "{{ $PWD }}"}
definitions:
  - &pool {name: runs}
deployments:
  - name: hourly
    entrypoint: flows.py:hourly
    work_pool: *pool
    schedules:
      - {interval: 3600}
      - {cron: "7 7 * * *", timezone: Europe/Berlin}
  - name: plain
    entrypoint: flows.py:plain
    work_pool: *pool
    schedule: {}
    tags: ["{{ $LANG }}"]
  - name: rule
    entrypoint: flows.py:rule
    work_pool: *pool
    schedules: [{rrule: "FREQ=DAILY;BYHOUR=3", slug: nightly}]
  - name: last
    entrypoint: flows.py:last
    work_pool: {name: runs, work_queue_name: urgent}
${more}`;

const flows = ["hourly", "plain", "rule", "last"]
  .map((name) => `@flow\ndef ${name}(n: int = 1):\n    pass\n`)
  .join("\n");

/** A server, one that fails between it and the daemon, and a project. */
async function stage(environment: string) {
  const server = await startBareServer(environment);
  const proxy = await FlakyProxy.open(server.apiUrl);
  const place = await Workplace.make({});
  const project = join(place.directory, "project");
  await mkdir(project);
  const write = (name: string, text: string) => writeFile(join(project, name), text);
  await write("prefect.yaml", prefectYaml());
  await write("flows.py", `from prefect import flow\n\n${flows}`);
  const configure = (more: object = {}, schedules: readonly object[] = []) =>
    place.configure({
      prefect: { api_url: proxy.apiUrl },
      server: { enabled: false },
      environment: { path: environment },
      pools: [
        {
          name: "runs",
          concurrency_limit: 2,
          description: "All of them",
          queues: [{ name: "urgent", priority: 1, concurrency_limit: 1 }],
        },
      ],
      concurrency_limits: [{ name: "archive", limit: 3 }],
      deployments: [{ prefect_yaml: join(project, "prefect.yaml"), prune: true, schedules }],
      ...more,
    });
  const schedules = [
    { deployment: "plain/plain", cron: "1 2 * * *" },
    { deployment: "plain/plain", rrule: "FREQ=WEEKLY;BYDAY=MO" },
  ];
  await configure({}, schedules);
  const { apiUrl } = server;
  const deployments = async (): Promise<Readonly<Record<string, Made>>> => {
    const all = await ask<Made[]>(apiUrl, "/deployments/filter", {});
    return Object.fromEntries(all.map((each) => [each.name, each]));
  };
  const plan = async (): Promise<PlanReport> => {
    const { stdout, stderr } = await place.run("plan", "--json");
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as PlanReport;
  };
  return {
    ...{ server, proxy, place, apiUrl, schedules, write, configure, deployments, plan },
    [Symbol.asyncDispose]: async () => {
      await place[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

type Stage = Awaited<ReturnType<typeof stage>>;

const untilInOrder = ({ plan }: Stage) =>
  askUntil(plan, ({ steps, problems }) => steps.length === 0 && problems.length === 0);

async function send(apiUrl: string, method: string, path: string, body?: unknown): Promise<void> {
  const response = await fetch(`${apiUrl}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  // Of SQLite's, with nothing wrong; it has done nothing then.
  if (response.status === 503) return send(apiUrl, method, path, body);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

const rules = (made: Made | undefined) =>
  new Set(
    made?.schedules.map(({ schedule: { cron, interval, rrule }, active, slug }) =>
      [
        cron ?? interval ?? rrule?.replace(/^DTSTART.*\n/, ""),
        active ? "active" : "paused",
        slug ?? "",
      ]
        .join(" ")
        .trim(),
    ),
  );

async function expectAll({ apiUrl, deployments }: Stage): Promise<void> {
  const made = await deployments();
  expect(Object.keys(made).toSorted()).toEqual(["hourly", "last", "plain", "rule"]);
  expect(rules(made["hourly"])).toEqual(new Set(["3600 active", "7 7 * * * active"]));
  expect(rules(made["plain"])).toEqual(
    new Set(["1 2 * * * active sails-1", "FREQ=WEEKLY;BYDAY=MO active sails-2"]),
  );
  expect(rules(made["rule"])).toEqual(new Set(["FREQ=DAILY;BYHOUR=3 active nightly"]));
  const counts = ["last", "plain", "hourly", "rule"].map((each) => made[each]?.schedules.length);
  expect(counts).toEqual([0, 2, 2, 1]);
  const pools = await ask<object[]>(apiUrl, "/work_pools/filter", {});
  expect(pools).toMatchObject([{ concurrency_limit: 2, description: "All of them" }]);
  const queues = await ask<object[]>(apiUrl, "/work_pools/runs/queues/filter", {});
  expect(queues).toMatchObject([
    { name: "urgent", priority: 1, concurrency_limit: 1 },
    { name: "default", priority: 2 },
  ]);
  const limits = await ask<object[]>(apiUrl, "/v2/concurrency_limits/filter", {});
  expect(limits).toMatchObject([{ name: "archive", limit: 3 }]);
}

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (name) => {
  test("a server that fails one write in five gets all that is declared, once; then nobody writes", async (ctx) => {
    await using here = await stage(environmentOf(name, ctx));
    const { place, proxy } = here;
    proxy.failsOneIn = 5;
    place.start();
    await untilInOrder(here);
    proxy.failsOneIn = Number.POSITIVE_INFINITY;
    await expectAll(here);
    const ofOthers = /workers|heartbeat|logs|events|flow_runs|csrf|work_queues\/[^/]+\/get_runs/;
    // What a refused write is still being tried for comes to its end before.
    expect((await place.run("apply")).status).toBe(0);
    const written = () => proxy.writes.filter(({ path }) => !ofOthers.test(path));
    const before = written().length;
    expect((await place.run("plan")).status).toBe(0);
    expect((await place.run("apply")).status).toBe(0);
    expect(written().slice(before)).toEqual([]);
  });

  test("what an operator made and paused survives a deploy and another daemon; drift is told, limits are put back", async (ctx) => {
    await using here = await stage(environmentOf(name, ctx));
    const { apiUrl, place, plan, write, deployments, configure, schedules } = here;
    const daemon = place.start();
    await untilInOrder(here);
    const made = await deployments();
    const idOf = (which: string) => made[which]?.id ?? "";
    const byHand = { active: true, schedule: { cron: "9 9 9 9 *" }, parameters: { n: 3 } };
    await send(apiUrl, "POST", `/deployments/${idOf("hourly")}/schedules`, [byHand]);
    const interval = made["hourly"]?.schedules.find(({ schedule }) => "interval" in schedule);
    const paused = { active: false };
    await send(apiUrl, "PATCH", `/deployments/${idOf("hourly")}/schedules/${interval?.id}`, paused);
    const ours = made["plain"]?.schedules.find(({ slug }) => slug === "sails-2");
    await send(apiUrl, "PATCH", `/deployments/${idOf("plain")}/schedules/${ours?.id}`, paused);
    await send(apiUrl, "POST", `/deployments/${idOf("plain")}/pause_deployment`);
    await send(apiUrl, "PATCH", "/work_pools/runs", { concurrency_limit: 9 });
    await send(apiUrl, "PATCH", `/deployments/${idOf("rule")}`, { tags: ["mine"] });
    const differs = await plan();
    expect(differs.steps.map(({ kind, name: of, isReported }) => [kind, of, isReported])).toEqual([
      ["limit", "runs", false],
      ["deployment", "rule/rule", true],
    ]);
    expect(differs.left.map(({ name: which, why }) => `${which}: ${why}`).toSorted()).toEqual([
      "hourly/hourly: an operator has paused it: every 3600 s",
      "hourly/hourly: made by hand: 9 9 9 9 *",
      "plain/plain sails-2: an operator has paused it",
      "plain/plain: an operator has paused it",
    ]);

    await daemon.end("SIGKILL");
    await write("flows.py", `from prefect import flow\n\n# changed\n${flows}`);
    place.start();
    await askUntil(deployments, (now) => now["plain"]?.updated !== made["plain"]?.updated);
    await untilSettled(here);
    const after = await deployments();
    const hourly = new Set(["3600 paused", "7 7 * * * active", "9 9 9 9 * active"]);
    expect(rules(after["hourly"])).toEqual(hourly);
    expect(after["hourly"]?.schedules).toHaveLength(3);
    expect(rules(after["plain"])).toEqual(
      new Set(["1 2 * * * active sails-1", "FREQ=WEEKLY;BYDAY=MO paused sails-2"]),
    );
    expect(after["plain"]?.paused).toBe(true);
    const pools = await ask<object[]>(apiUrl, "/work_pools/filter", {});
    expect(pools).toMatchObject([{ concurrency_limit: 2 }]);

    // The first of ours is another now, the second is gone, a deployment has left the file.
    const yaml = prefectYaml().replace(/ {2}- name: last[^]*/, "");
    await write("prefect.yaml", yaml);
    await configure({}, [{ ...schedules[0], cron: "3 3 * * *" }]);
    expect((await place.run("reload")).status).toBe(0);
    await untilInOrder(here);
    expect(rules((await deployments())["plain"])).toEqual(new Set(["3 3 * * * active sails-1"]));
    expect(Object.keys(await deployments()).toSorted()).toEqual(["hourly", "plain", "rule"]);
    expect(rules((await deployments())["hourly"])).toEqual(hourly);
  });
});

/** Whether the deploys are through, with all that has to be put back. */
async function untilSettled({ place }: Stage): Promise<void> {
  await askUntil(
    async () => JSON.parse(await readFile(join(place.stateDir, "declared.json"), "utf8")),
    ({ interrupted }: { interrupted: object }) => Object.keys(interrupted).length === 0,
  );
  await askUntil(
    async () => JSON.parse((await place.run("plan", "--json")).stdout) as PlanReport,
    ({ steps }) => steps.length === 0,
  );
}

test("a server that is away in the middle: all is there when it is back, and nothing twice", async (ctx) => {
  await using here = await stage(environmentOf("survey", ctx));
  const { place, proxy } = here;
  const { promise: deploying, resolve } = Promise.withResolvers<void>();
  proxy.beforeWrite = ({ path }) => {
    if (path !== "/api/deployments/") return;
    proxy.isAway = true;
    resolve();
  };
  const daemon = place.start();
  await deploying;
  proxy.beforeWrite = () => undefined;
  await daemon.says("Prefect's API");
  proxy.isAway = false;
  expect((await untilInOrder(here)).left).toEqual([]);
  await expectAll(here);
});

test("a server that dies in the middle of a deploy, and starts again: all is there, and nothing twice", async (ctx) => {
  await using here = await stage(environmentOf("survey", ctx));
  const { place, proxy, server } = here;
  const { promise: dead, resolve } = Promise.withResolvers<void>();
  let made = 0;
  proxy.beforeWrite = ({ path }) => {
    if (path !== "/api/deployments/") return;
    made += 1;
    // The first is made, the second is being made.
    if (made === 2) resolve(server.kill());
  };
  const daemon = place.start();
  await dead;
  proxy.beforeWrite = () => undefined;
  await daemon.says("Prefect's API");
  await server.startAgain();
  expect((await untilInOrder(here)).left).toEqual([]);
  await expectAll(here);
});

test("ten deployments cost one command; two that fail cost the others nothing", async (ctx) => {
  await using here = await stage(environmentOf("survey", ctx));
  const { place, write, deployments, plan } = here;
  const names = Array.from({ length: 10 }, (_, i) => `d${i}`);
  const entry = (name: string) =>
    `  - {name: ${name}, entrypoint: "${name}.py:${name}", work_pool: {name: ${name === "d7" ? "nope" : "runs"}}}\n`;
  await write("prefect.yaml", `deployments:\n${names.map(entry).join("")}`);
  for (const name of names) {
    const flow = name === "d3" ? "forgotten" : name;
    await write(`${name}.py`, `from prefect import flow\n@flow\ndef ${flow}(): pass\n`);
  }
  await here.configure();
  place.start();
  const { problems } = await askUntil(plan, ({ steps }) => steps.length === 1);
  expect(problems.map(({ id }) => id)).toEqual(["deployment d7", "deployment d3"]);
  expect(Object.keys(await deployments())).toHaveLength(8);
  await write("d3.py", "from prefect import flow\n@flow\ndef d3(): pass\n");
  const applied = await place.run("apply");
  expect(applied.stdout).toContain("deployment d3: created");
  expect(applied.status).toBe(4);
  expect(Object.keys(await deployments())).toHaveLength(9);
});
