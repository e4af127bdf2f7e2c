/** Of what people declare, some cannot be: one clear message each, and all the rest comes to be. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PlanReport } from "../../src/control/plan.ts";
import type { UnitStatus } from "../../src/control/status.ts";
import { startBareServer } from "../support/bare-prefect-server.ts";
import { Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (name) => {
  test("a worker of another type says which package it lacks, and how to get it", async (ctx) => {
    const environment = environmentOf(name, ctx);
    await using server = await startBareServer(environment);
    await using place = await Workplace.make({
      prefect: { api_url: server.apiUrl },
      server: { enabled: false },
      environment: { path: environment },
      pools: [
        { name: "far", type: "docker" },
        { name: "wrong", type: "dokcer" },
      ],
    });
    const daemon = place.start();
    const hasEnded = ({ reason }: UnitStatus) => reason.startsWith("exited with status 1");
    const far = await daemon.untilUnit("worker@far", hasEnded);
    expect(far.reason).toContain(
      "the Python package prefect-docker, which brings workers of type docker, is not in the environment",
    );
    expect(far.next).toContain(`uv pip install --python ${environment}/bin/python prefect-docker`);
    const wrong = await daemon.untilUnit("worker@wrong", hasEnded);
    expect(`${wrong.reason} ${wrong.next}`).toContain("Correct type: of pool wrong");
  });
});

const good = (name: string) => `from prefect import flow\n@flow\ndef ${name}(): pass\n`;

test("of ten deployments four cannot be: each says why, the others are deployed", async (ctx) => {
  const environment = environmentOf("survey", ctx);
  await using server = await startBareServer(environment);
  const { apiUrl } = server;
  await ask(apiUrl, "/work_pools/", { name: "by-hand", type: "process" });
  await using place = await Workplace.make({});
  const project = join(place.directory, "project");
  await mkdir(project);
  const names = Array.from({ length: 10 }, (_, i) => `d${i}`);
  const odd: Readonly<Record<string, string>> = {
    d5: ', schedules: [{cron: "at noon"}]',
    d6: ', schedules: [{rrule: "EVERY=DAY"}]',
  };
  const pools: Readonly<Record<string, string>> = { d7: "nope", d9: "by-hand" };
  const entries = names.map(
    (name) =>
      `  - {name: ${name}, entrypoint: "${name}.py:${name}", work_pool: {name: ${pools[name] ?? "runs"}}${odd[name] ?? ""}}\n`,
  );
  await writeFile(join(project, "prefect.yaml"), `deployments:\n${entries.join("")}`);
  // Prefect reads a flow that it cannot import from its text: that is deployed, as by hand.
  const code: Readonly<Record<string, string>> = {
    d2: `import no_such_module\n${good("d2")}`,
    d3: "from prefect import flow\ndef d3(:",
  };
  for (const name of names) {
    await writeFile(join(project, `${name}.py`), code[name] ?? good(name));
  }
  const configure = (pool: string, cron: string) =>
    place.configure({
      prefect: { api_url: apiUrl },
      server: { enabled: false },
      environment: { path: environment },
      pools: [{ name: "runs" }, ...(pool === "" ? [] : [{ name: pool }])],
      deployments: [
        {
          prefect_yaml: join(project, "prefect.yaml"),
          schedules: [{ deployment: "d0/d0", cron }],
        },
      ],
    });
  await configure("", "0 3 * * *");
  const daemon = place.start();
  const plan = async (): Promise<PlanReport> =>
    JSON.parse((await place.run("plan", "--json")).stdout) as PlanReport;
  const { problems } = await askUntil(
    plan,
    ({ steps, problems: found }) => steps.length === 3 && found.length === 4,
  );
  const whys = Object.fromEntries(problems.map(({ id, what }) => [id, what]));
  expect(whys).toEqual({
    "deployment d3": expect.stringMatching(/could not be made.*(SyntaxError|invalid syntax)/),
    "deployment d5": expect.stringMatching(/could not be made.*Invalid cron string: "at noon"/),
    "deployment d6": expect.stringMatching(/could not be made.*Invalid RRule string "EVERY=DAY"/),
    "deployment d7": expect.stringMatching(/names the pool nope, which is neither declared nor/),
  });
  const made = await ask<{ id: string; name: string }[]>(apiUrl, "/deployments/filter", {});
  expect(made.map(({ name }) => name).toSorted()).toEqual(["d0", "d1", "d2", "d4", "d8", "d9"]);
  const told = await daemon.until(({ problems: all }) => problems.every(isIn(all)));

  // What cannot be anywhere is refused before; what was declared stays.
  for (const [pool, cron, says] of [
    ["prefect-x", "0 3 * * *", /pools\[1\]\.name: is "prefect-x", expected a name without/],
    ["", "at noon", /cron: has 2 fields, expected five fields/],
  ] as const) {
    await configure(pool, cron);
    const reloaded = await place.run("reload");
    expect(reloaded.status).not.toBe(0);
    expect(reloaded.stderr).toMatch(says);
    expect((await daemon.status()).problems).toEqual(told.problems);
  }

  // A pool that somebody made by hand, and that no worker serves.
  await configure("", "0 3 * * *");
  const late = new Date(Date.now() - 3_600_000).toISOString();
  const id = made.find(({ name }) => name === "d9")?.id;
  const state = { type: "SCHEDULED", name: "Late", state_details: { scheduled_time: late } };
  await ask(apiUrl, `/deployments/${id}/create_flow_run`, { state });
  expect((await place.run("reload")).status).toBe(0);
  const waiting = await daemon.until(({ problems: all }) =>
    all.some((each) => each.id.endsWith("waiting by-hand")),
  );
  expect(waiting.problems.map(({ what }) => what)).toContainEqual(
    expect.stringMatching(/1 flow run waits in pool by-hand, which no worker serves, the first/),
  );
});

const isIn =
  (all: readonly { readonly what: string }[]) =>
  ({ what }: { readonly what: string }): boolean =>
    all.some((each) => each.what === what);
