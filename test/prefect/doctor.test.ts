/** The doctor beside a real Prefect: nothing in one that is well, each fault in one that is not. */
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { DoctorReport } from "../../src/doctor/finding.ts";
import { type Ran, Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

const entry = (name: string, more: object = {}) => ({
  name,
  entrypoint: `${name}.py:${name}`,
  work_pool: { name: "runs" },
  ...more,
});

const reportOf = ({ stdout }: Ran): DoctorReport => JSON.parse(stdout) as DoctorReport;
const idsOf = (ran: Ran) => reportOf(ran).findings.map(({ id }) => id);

/** A database that is locked for a moment is answered with 503. */
async function send(url: string, method: string, body: object = {}): Promise<void> {
  const headers = { "content-type": "application/json" };
  const order = { method, headers, body: JSON.stringify(body) };
  const { status } = await askUntil(
    () => fetch(url, order),
    (sent) => sent.status !== 503,
  );
  if (status > 299) throw new Error(`${url}: ${status}`);
}

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (name) => {
  test("a healthy installation has nothing, and planted faults are found", async (ctx) => {
    const path = environmentOf(name, ctx);
    const place = await Workplace.make({});
    const write = (file: string, text: string) => writeFile(join(place.directory, file), text);
    const flow = (each: string) => `from prefect import flow\n\n@flow\ndef ${each}():\n    pass\n`;
    for (const each of ["hourly", "plain"]) await write(`${each}.py`, flow(each));
    const deployments = [entry("hourly", { schedules: [{ interval: 3600 }] }), entry("plain")];
    await write("prefect.yaml", stringify({ name: "p", deployments }));
    const envFile = join(place.directory, "prefect.env");
    await writeFile(envFile, "PREFECT_WORKER_HEARTBEAT_SECONDS=1\nMY_TOKEN=x\n", { mode: 0o600 });
    const configure = () =>
      place.configure({
        prefect: { home: join(place.directory, "data"), env_file: envFile },
        environment: { path },
        server: { port: place.serverPort },
        pools: [{ name: "runs", concurrency_limit: 2 }],
        deployments: [{ prefect_yaml: join(place.directory, "prefect.yaml") }],
      });
    await configure();
    const daemon = place.start();
    await daemon.untilReady();
    const made = await askUntil(
      () => ask<{ id: string; name: string }[]>(place.apiUrl, "/deployments/filter", {}),
      ({ length }) => length === deployments.length,
    );
    await daemon.until(({ problems }) => problems.length === 0);
    const well = await place.run("doctor", "--json");
    expect(reportOf(well)).toMatchObject({ findings: [] });
    expect(well.status).toBe(0);

    const api = place.apiUrl;
    await send(`${api}/work_pools/runs`, "PATCH", { concurrency_limit: 9 });
    await send(`${api}/work_pools/`, "POST", { name: "gpu", type: "process" });
    const { id = "" } = made.find((each) => each.name === "hourly") ?? {};
    const { flow_id: flowId } = await ask<{ flow_id: string }>(api, `/deployments/${id}`);
    await send(`${api}/deployments/`, "POST", {
      name: "elsewhere",
      flow_id: flowId,
      work_pool_name: "gpu",
      path: place.directory,
      entrypoint: "nowhere.py:f",
    });
    await send(`${api}/deployments/${id}/pause_deployment`, "POST");
    const late = new Date(Date.now() - 3_600_000).toISOString();
    const { id: plain = "" } = made.find((each) => each.name === "plain") ?? {};
    await send(`${api}/work_pools/runs`, "PATCH", { is_paused: true });
    await send(`${api}/deployments/${plain}/create_flow_run`, "POST", {
      state: { type: "SCHEDULED", name: "Late", state_details: { scheduled_time: late } },
    });
    await rm(join(place.directory, "plain.py"));
    await chmod(envFile, 0o644);
    const ill = await place.run("doctor", "--json");
    expect(ill.status).toBe(4);
    expect(idsOf(ill)).toEqual(
      expect.arrayContaining([
        "limits:pool runs",
        "pools-without-worker:gpu",
        "deployments:hourly/elsewhere:entrypoint",
        "deployments:plain:entrypoint",
        "schedules:paused",
        "late-runs:runs",
        `secret-files:${envFile}`,
      ]),
    );

    expect(await daemon.end("SIGKILL")).toBe("SIGKILL");
    expect(idsOf(await place.run("doctor", "--json"))).toEqual(
      expect.arrayContaining(["daemon:unreachable", "limits:pool runs", "schedules:paused"]),
    );
  });
});
