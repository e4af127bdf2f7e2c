/** docs/moving-from-screen.md, step by step: from what runs by hand to a daemon that goes on with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

interface Pool {
  readonly name: string;
  readonly concurrency_limit: number | null;
}

interface Worker {
  readonly name: string;
  readonly status: string;
}

test("init writes a configuration with which the daemon goes on with everything", async (ctx) => {
  const environment = environmentOf("survey", ctx);
  const place = await Workplace.make({});
  const { apiUrl, serverPort, directory } = place;
  const project = join(directory, "project");
  const home = join(directory, "data");
  await mkdir(project);
  await mkdir(home);
  await writeFile(join(project, "prefect.env"), `PREFECT_HOME=${home}\nPREFECT_API_URL=${apiUrl}`);
  await writeFile(
    join(project, "prefect.yaml"),
    stringify({
      deployments: [{ name: "a", entrypoint: "f.py:f", work_pool: { name: "vm-runs" } }],
    }),
  );
  await writeFile(join(project, "f.py"), "from prefect import flow\n\n@flow\ndef f(): pass\n");

  const byHand = (...words: readonly string[]): ChildProcess => {
    const env = {
      PATH: process.env["PATH"],
      HOME: home,
      PREFECT_HOME: home,
      PREFECT_API_URL: apiUrl,
    };
    const quiet = { ...env, PREFECT_SERVER_ANALYTICS_ENABLED: "false", DO_NOT_TRACK: "1" };
    const program = join(environment, "bin/prefect");
    return spawn(program, words, { cwd: project, env: quiet, stdio: "ignore" });
  };
  const server = byHand("server", "start", "--port", String(serverPort));
  const order = (path: string, body: object) => ask<{ id: string }>(apiUrl, path, body);
  await askUntil(
    () => ask(apiUrl, "/health"),
    () => true,
  );
  await order("/work_pools/", { name: "vm-runs", type: "process", concurrency_limit: 2 });
  await order("/work_pools/", { name: "unused", type: "process" });
  const worker = byHand("worker", "start", "--pool", "vm-runs", "--name", "mine");
  const isOnline = (workers: readonly Worker[]) =>
    workers.some(({ status }) => status === "ONLINE");
  const workers = () => ask<readonly Worker[]>(apiUrl, "/work_pools/vm-runs/workers/filter", {});
  await askUntil(workers, isOnline);

  const common = parse(await readFile(place.configFile, "utf8")) as object;
  const said = await place.run("init", "--project", project, "--force");
  expect(said.stdout).toContain("pool vm-runs: 1 deployment, 1 worker by hand, limit 2");
  expect(said.stdout).toContain("pool unused is left out");
  expect(said.stdout).toContain(`${server.pid} (server), ${worker.pid} (worker of vm-runs)`);
  expect(said.status).toBe(0);
  const written = parse(await readFile(place.configFile, "utf8")) as object;
  expect(written).toEqual({
    prefect: { env_file: join(project, "prefect.env") },
    environment: { path: environment },
    pools: [{ name: "vm-runs", concurrency_limit: 2 }],
    deployments: [{ prefect_yaml: join(project, "prefect.yaml") }],
    server: { port: serverPort },
  });
  for (const each of [worker, server]) {
    const ended = once(each, "exit");
    each.kill("SIGKILL");
    await ended;
  }

  await place.configure({ ...common, ...written });
  const daemon = place.start();
  await daemon.untilReady();
  const deployments = () => ask<readonly { name: string }[]>(apiUrl, "/deployments/filter", {});
  await askUntil(deployments, (all) => all.some(({ name }) => name === "a"));
  const pools = await ask<readonly Pool[]>(apiUrl, "/work_pools/filter", {});
  expect(pools.map(({ name, concurrency_limit: limit }) => [name, limit])).toEqual(
    expect.arrayContaining([
      ["vm-runs", 2],
      ["unused", null],
    ]),
  );
  expect(await daemon.end("SIGTERM")).toBe(0);
});
