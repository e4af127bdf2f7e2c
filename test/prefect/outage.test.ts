/** The server is away for a while: what runs, what starts and what works on through it. */

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gone, kill, Workplace } from "../support/daemon-process.ts";
import { hasDeafCanceller } from "../support/deaf-canceller.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

interface Run {
  readonly id: string;
  readonly state_type: string;
  readonly run_count: number;
  readonly infrastructure_pid: string;
}

const flow = `
import time
from pathlib import Path
from prefect import flow, get_run_logger

@flow
def count(lines: int, folder: str):
    logger = get_run_logger()
    for line in range(lines):
        logger.info("line %d", line)
        time.sleep(0.5)
    Path(folder, str(lines)).touch()
`;

/** A pool whose runs are processes by themselves, and start only once `gate` is there. */
async function placeFor(environment: string): Promise<Workplace & { readonly folder: string }> {
  const place = await Workplace.make({});
  const folder = join(place.directory, "project");
  await mkdir(folder);
  const command = join(folder, "run");
  const engine = `exec setsid ${environment}/bin/python -m prefect.engine >>${folder}/output 2>&1`;
  const script = `#!/bin/sh\nuntil [ -e ${folder}/gate ]; do sleep 0.1; done\n${engine}\n`;
  await writeFile(command, script, { mode: 0o755 });
  await writeFile(join(folder, "flows.py"), flow);
  const yaml = {
    pull: [{ "prefect.deployments.steps.set_working_directory": { directory: folder } }],
    deployments: [
      {
        name: "lines",
        entrypoint: "flows.py:count",
        work_pool: { name: "runs", job_variables: { command } },
      },
    ],
  };
  await writeFile(join(folder, "prefect.yaml"), JSON.stringify(yaml));
  await place.configure({
    environment: { path: environment },
    server: { port: place.serverPort },
    pools: [{ name: "runs" }],
    deployments: [{ prefect_yaml: join(folder, "prefect.yaml") }],
  });
  return Object.assign(place, { folder });
}

/** How many of a run's lines have reached the API. */
async function linesOf(apiUrl: string, { id }: Run): Promise<number> {
  const logs = { flow_run_id: { any_: [id] } };
  const found = await ask<{ message: string }[]>(apiUrl, "/logs/filter", { logs, limit: 200 });
  return found.filter(({ message }) => message.startsWith("line ")).length;
}

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (name) => {
  test("a server that is stopped or killed costs no run, no line of a log and no worker", async (ctx) => {
    const environment = environmentOf(name, ctx);
    await using place = await placeFor(environment);
    const { apiUrl, folder } = place;
    const daemon = place.start();
    await daemon.untilReady();
    await daemon.says("units ready");
    const worker = await daemon.unit("worker@runs");

    const { id: deployment } = await ask<Run>(apiUrl, "/deployments/name/count/lines");
    // With SQLite each write may get a 503, with nothing wrong.
    const order = (path: string, body: object) =>
      askUntil(
        () => ask<Run>(apiUrl, path, body),
        () => true,
      );
    const create = (lines: number) =>
      order(`/deployments/${deployment}/create_flow_run`, {
        parameters: { lines, folder },
        idempotency_key: `${lines} lines`,
      });
    const until = (run: Run, ...types: readonly string[]) =>
      askUntil(
        () => ask<Run>(apiUrl, `/flow_runs/${run.id}`),
        (now) => types.includes(now.state_type),
      );
    const gate = join(folder, "gate");
    await writeFile(gate, "");
    const [ends, outlives] = await Promise.all([create(60), create(1000)]);
    await Promise.all([until(ends, "RUNNING"), until(outlives, "RUNNING")]);
    await rm(gate);
    const begins = await create(5);
    await until(begins, "PENDING");

    expect((await place.run("stop", "server")).status).toBe(0);
    await daemon.says("answers on 127.0.0.1");
    const away = await fetch(`${apiUrl}/health`);
    expect([away.status, away.headers.get("prefect-maintenance")]).toEqual([503, "true"]);
    const page = await fetch(apiUrl.replace("/api", "/"));
    expect(await page.text()).toContain("It is stopped: stopped by the operator.");
    await writeFile(gate, "");
    await untilThere(join(folder, "60"));

    await place.run("start", "server");
    await daemon.untilUnit("server", ({ ready }) => ready);
    const since = Date.now();
    const ended = await until(ends, "COMPLETED", "FAILED", "CRASHED");
    // Prefect's own clients come back up to a minute after this.
    expect(Date.now() - since).toBeLessThan(10_000);
    for (const run of [ends, begins]) {
      expect(await until(run, "COMPLETED", "FAILED", "CRASHED")).toMatchObject({
        state_type: "COMPLETED",
        run_count: 1,
      });
    }
    // Its last lines are sent when it ends.
    await gone(Number(ended.infrastructure_pid));
    expect(await linesOf(apiUrl, ends)).toBe(60);

    // Its code takes a second, the start of the server at least three.
    const endsMeanwhile = await create(2);
    await until(endsMeanwhile, "RUNNING");
    const { pid } = await daemon.unit("server");
    kill(pid);
    await daemon.untilUnit("server", (server) => server.ready && server.pid !== pid);
    const { state_type: reported } = await until(endsMeanwhile, "COMPLETED", "FAILED", "CRASHED");
    expect(reported).toBe("COMPLETED");

    expect((await daemon.unit("worker@runs")).pid).toBe(worker.pid);
    await order(`/flow_runs/${outlives.id}/set_state`, { state: { type: "CANCELLING" } });
    expect((await until(outlives, "CANCELLED", "FAILED", "CRASHED")).state_type).toBe("CANCELLED");
    expect(hasDeafCanceller((await readFile(worker.log, "utf8")).split("\n"))).toBe(false);
  });
});

/** Resolves when the flow has made the file. */
async function untilThere(file: string): Promise<void> {
  await askUntil(
    () => readFile(file),
    () => true,
  );
}
