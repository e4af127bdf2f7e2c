/** What is declared against what a real Prefect has: compared, put right, and nothing else touched. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

interface Made {
  readonly id: string;
  readonly name: string;
  readonly schedules: readonly {
    readonly slug: string | null;
    readonly active: boolean;
    readonly schedule: { readonly cron?: string; readonly interval?: number };
  }[];
}

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (environment) => {
  test("what differs is shown, put right, and what an operator made stays", async (ctx) => {
    const path = environmentOf(environment, ctx);
    const place = await Workplace.make({});
    const project = join(place.directory, "project");
    await mkdir(project);
    await writeFile(join(project, "f.py"), "from prefect import flow\n\n@flow\ndef f(): pass\n");
    const entry = { name: "a", entrypoint: "f.py:f", work_pool: { name: "runs" }, schedule: {} };
    await writeFile(join(project, "prefect.yaml"), stringify({ deployments: [entry] }));
    const configured = (limit: number, ...schedules: readonly object[]) =>
      place.configure({
        prefect: { home: join(place.directory, "data") },
        environment: { path },
        server: { port: place.serverPort },
        pools: [{ name: "runs", concurrency_limit: limit }],
        deployments: [
          {
            prefect_yaml: join(project, "prefect.yaml"),
            schedules: schedules.map((rule) => ({ deployment: "f/a", ...rule })),
          },
        ],
      });
    await configured(2, { cron: "0 3 * * *" });
    const daemon = place.start();
    const { apiUrl } = place;
    const limit = async () =>
      (await ask<{ concurrency_limit: number }>(apiUrl, "/work_pools/runs")).concurrency_limit;
    const send = async (method: string, route: string, body: object): Promise<void> => {
      const headers = { "content-type": "application/json" };
      await fetch(`${apiUrl}${route}`, { method, headers, body: JSON.stringify(body) });
    };
    const made = async (): Promise<Made> => {
      const all = await ask<readonly Made[]>(apiUrl, "/deployments/filter", {});
      const found = all.find(({ name }) => name === "a");
      if (found === undefined) throw new Error("the deployment is not there yet");
      return found;
    };
    const slugs = async () =>
      (await made()).schedules.map(({ slug, schedule }) => `${slug} ${schedule.cron}`).toSorted();
    await daemon.untilReady();
    await askUntil(slugs, (found) => found.length === 1);
    const applied = await place.run("apply");
    expect(applied).toMatchObject({ status: 0, stdout: "nothing had to be changed\n" });
    expect(await place.run("plan")).toMatchObject({ status: 0, stderr: "" });

    // An operator raises the limit, makes a schedule, and lets ours sleep.
    await send("PATCH", "/work_pools/runs", { concurrency_limit: 7 });
    const { id } = await made();
    const operators = { active: true, schedule: { cron: "30 4 * * *", timezone: "UTC" } };
    await send("POST", `/deployments/${id}/schedules`, [operators]);
    const plan = await place.run("plan");
    expect(plan.status).toBe(4);
    expect(plan.stdout).toContain("~ pool runs\n    concurrency_limit: 7 → 2\n");
    expect(plan.stdout).toContain("= schedule f/a: cron 30 4 * * * (UTC)\n");
    expect(await limit()).toBe(7);
    expect(await place.run("apply")).toMatchObject({
      status: 0,
      stdout: "pool runs: limit set from 7 to 2\n",
    });
    expect(await limit()).toBe(2);

    await configured(3, { cron: "0 5 * * *" }, { cron: "0 6 * * *" });
    expect((await place.run("reload")).status).toBe(0);
    await askUntil(slugs, (found) => found.includes("sails-2 0 6 * * *"));
    await askUntil(limit, (found) => found === 3);
    expect(await slugs()).toEqual(["null 30 4 * * *", "sails-1 0 5 * * *", "sails-2 0 6 * * *"]);

    await configured(3);
    expect((await place.run("reload")).status).toBe(0);
    await askUntil(slugs, (found) => found.length === 1);
    expect(await slugs()).toEqual(["null 30 4 * * *"]);
    expect(await daemon.end("SIGTERM")).toBe(0);
  });
});
