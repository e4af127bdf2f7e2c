/** A real Prefect, from an empty folder to running flows, through the deaths of its parts. */

import { once } from "node:events";
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type DaemonProcess, kill, Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

interface Pool {
  readonly name: string;
  readonly concurrency_limit: number | null;
}

const example = join(import.meta.dirname, "../../examples/survey");

/** The example with the ports and folders of a test, and whatever the test wants otherwise. */
async function placeFor(
  environment: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Workplace> {
  const place = await Workplace.make({});
  const project = join(place.directory, "survey");
  await cp(example, project, { recursive: true });
  await place.configure({
    prefect: { env_file: join(project, "prefect.env") },
    environment: { path: environment },
    server: { port: place.serverPort },
    pools: [
      { name: "pipeline-state-monitoring" },
      { name: "vm-runs", concurrency_limit: 2 },
      { name: "headless-runs", concurrency_limit: 12 },
    ],
    deployments: [{ prefect_yaml: join(project, "prefect.yaml") }],
    services: [{ name: "beside", command: ["sleep", "100000"] }],
    ...more,
  });
  return place;
}

const isUp = async (daemon: DaemonProcess) => {
  await daemon.untilReady();
  await daemon.says("units ready");
};

async function limits(apiUrl: string): Promise<Record<string, number | null>> {
  const pools = await ask<Pool[]>(apiUrl, "/work_pools/filter", {});
  return Object.fromEntries(pools.map(({ name, concurrency_limit: limit }) => [name, limit]));
}

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (name) => {
  test("from nothing to flows that run, and through the death of each part", async (ctx) => {
    const environment = environmentOf(name, ctx);
    await using place = await placeFor(environment);
    const daemon = place.start();
    await isUp(daemon);
    const { apiUrl } = place;

    expect(await limits(apiUrl)).toEqual({
      "pipeline-state-monitoring": null,
      "vm-runs": 2,
      "headless-runs": 12,
    });
    const deployments = await ask<{ name: string }[]>(apiUrl, "/deployments/filter", {});
    expect(deployments.map((each) => each.name).toSorted()).toEqual([
      "calibrate",
      "catalogue",
      "check",
      "image",
      "monitor",
      "night-report",
      "reset-errors",
    ]);
    const profiles = await readFile(join(place.stateDir, "prefect/profiles.toml"), "utf8");
    expect(profiles).toContain(`PREFECT_API_URL = "${apiUrl}"`);
    const completed = () =>
      ask<number>(apiUrl, "/flow_runs/count", {
        flow_runs: { state: { type: { any_: ["COMPLETED"] } } },
      });
    await askUntil(completed, (count) => count >= 2);
    const before = (await daemon.status()).units;
    const server = before.find((unit) => unit.name === "server");
    kill(server?.pid);
    await daemon.untilUnit("server", ({ pid, ready }) => ready && pid !== server?.pid);
    const after = (await daemon.untilReady()).units;
    for (const { name: unit, role, pid } of before) {
      const now = after.find((each) => each.name === unit);
      // One that is just submitting a run ends by itself when the server goes away: not by our hand.
      const isSame = now?.pid === pid || now?.reason.includes("Prefect's API did not answer it");
      if (role === "worker") expect(isSame, `${unit}: ${now?.reason}`).toBe(true);
    }
    expect(daemon.output).not.toMatch(/worker@\S+: is stopped/);

    const worker = await daemon.unit("worker@vm-runs");
    kill(worker.pid);
    const next = await daemon.untilUnit(
      "worker@vm-runs",
      ({ pid, ready }) => ready && pid !== worker.pid,
    );
    expect(next.reason).toContain("before that it was ended by SIGKILL");
    expect((await limits(apiUrl))["vm-runs"]).toBe(2);

    expect(await daemon.end("SIGTERM")).toBe(0);
    await expect(fetch(`${apiUrl}/health`)).rejects.toThrow("fetch failed");
  });
});

test("a deployment that names a pool which nobody declares is named, and the others are made", async (ctx) => {
  const environment = environmentOf("survey", ctx);
  await using place = await placeFor(environment, { pools: [{ name: "vm-runs" }] });
  const daemon = place.start();
  await isUp(daemon);
  const { problems } = await daemon.status();
  const named = problems.map(({ id }) => id).toSorted();
  expect(named).toEqual(["deployment calibrate", "deployment image", "deployment monitor"]);
  expect(problems[0]?.what).toContain("names the pool");
  expect(problems[0]?.cure).toContain("Add ");
  const made = await ask<{ name: string }[]>(place.apiUrl, "/deployments/filter", {});
  expect(made).toHaveLength(4);
  const shown = await place.run("status");
  expect(shown.stdout.replaceAll(/\s+/g, " ")).toContain("neither declared nor on the server");
});

test("a deployment that cannot be imported is named with Prefect's words, and the others are made", async (ctx) => {
  const environment = environmentOf("survey", ctx);
  await using place = await placeFor(environment, {});
  const broken = "raise ImportError('no module named telescope')\n";
  await writeFile(join(place.directory, "survey/flows/headless.py"), broken);
  const daemon = place.start();
  await isUp(daemon);
  const { problems } = await daemon.status();
  expect(problems.map(({ id }) => id).toSorted()).toEqual([
    "deployment calibrate",
    "deployment image",
  ]);
  expect(problems[0]?.what).toContain("Could not find object 'calibrate'");
});

test("the port is taken: the reason names who has it, and the server starts when it is free", async (ctx) => {
  const environment = environmentOf("survey", ctx);
  await using place = await placeFor(environment, { pools: [], deployments: [] });
  const stranger = createServer().listen({ host: "127.0.0.1", port: place.serverPort });
  await once(stranger, "listening");
  const daemon = place.start();
  const waiting = await daemon.untilUnit("server", ({ reasonCode }) => reasonCode === "port");
  expect(waiting.reason).toContain(`port ${place.serverPort} is taken by`);
  expect(waiting.reason).toContain(`process ${process.pid}`);
  expect((await daemon.unit("service@beside")).ready).toBe(true);
  expect((await place.run("status")).status).toBe(4);
  stranger.close();
  await daemon.untilUnit("server", ({ ready }) => ready);
});

test("the environment is gone: that is said, the rest runs, and when it is back so is Prefect", async (ctx) => {
  const environment = environmentOf("survey", ctx);
  await using place = await placeFor(environment, { pools: [], deployments: [] });
  const path = join(place.directory, "prefect-env");
  await place.configure({
    environment: { path },
    server: { port: place.serverPort },
    services: [{ name: "beside", command: ["sleep", "100000"] }],
  });
  const daemon = place.start();
  const waiting = await daemon.untilUnit(
    "server",
    ({ reasonCode }) => reasonCode === "environment",
  );
  expect(waiting.reason).toContain(`${path}/bin/prefect is not there`);
  expect((await daemon.unit("service@beside")).ready).toBe(true);
  await symlink(environment, path);
  await daemon.untilUnit("server", ({ ready }) => ready);
});

test("PREFECT_HOME cannot be written to: that is said, and the rest runs", async (ctx) => {
  const environment = environmentOf("survey", ctx);
  await using place = await placeFor(environment, { pools: [], deployments: [] });
  await mkdir(place.stateDir);
  await writeFile(join(place.stateDir, "prefect"), "a file where the folder should be");
  const daemon = place.start();
  const waiting = await daemon.untilUnit("server", ({ reasonCode }) => reasonCode === "volume");
  expect(waiting.reason).toContain(join(place.stateDir, "prefect"));
  expect(waiting.next).toContain("Give the user of this daemon the right to write");
  expect((await daemon.unit("service@beside")).ready).toBe(true);
  await rm(join(place.stateDir, "prefect"));
  await daemon.untilUnit("server", ({ ready }) => ready);
});
