/** What jobs ask of a real Prefect: a deployment that runs once for one key, and what is old deleted. */
import { expect, test } from "vitest";
import { createHousekeepingApi } from "../../src/prefect/api/housekeeping.ts";
import { sweepOld } from "../../src/prefect/retention.ts";
import { ms } from "../../src/supervision/time.ts";
import { startBareServer } from "../support/bare-prefect-server.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

const { signal } = new AbortController();

/** A server on SQLite refuses some writes, and has done nothing then. */
const write = <T>(apiUrl: string, path: string, body: object): Promise<T> =>
  askUntil(
    () => ask<T>(apiUrl, path, body),
    () => true,
  );

test.for(["survey", "prefect-3.6.4"])("with %s", async (name, ctx) => {
  await using server = await startBareServer(environmentOf(name, ctx));
  const { apiUrl } = server;
  const api = createHousekeepingApi({ url: apiUrl, auth: undefined, requestTimeoutMs: 30_000 });
  const flow = await write<{ id: string }>(apiUrl, "/flows/", { name: "night watch" });
  const made = await write<{ id: string }>(apiUrl, "/deployments/", {
    name: "every night",
    flow_id: flow.id,
  });
  const found = await api.findDeployment("night watch/every night", signal);
  expect(found).toEqual({ kind: "ok", value: made.id });
  expect(await api.findDeployment("night watch/none", signal)).toEqual({ kind: "ok" });
  const key = "sails-supervisor:job:2026-11-25T03:17:00.000Z";
  const first = await api.runDeployment(made.id, key, signal);
  expect(first.kind).toBe("ok");
  expect(await api.runDeployment(made.id, key, signal)).toEqual(first);
  expect(await ask<number>(apiUrl, "/flow_runs/count", {})).toBe(1);

  for (let count = 0; count < 3; count += 1) {
    const run = await write<{ id: string }>(apiUrl, "/flow_runs/", { flow_id: flow.id });
    for (const type of ["RUNNING", "COMPLETED"]) {
      await write(apiUrl, `/flow_runs/${run.id}/set_state`, { state: { type }, force: true });
    }
  }
  const rules = { runs: ms(3_600_000), offlineWorkers: ms(3_600_000) };
  const ports = { api, pause: async () => undefined, step: () => undefined };
  expect(await sweepOld(rules, { ...ports, now: () => new Date() }, signal)).toEqual({
    runs: 0,
    workers: 0,
    trouble: undefined,
  });
  const later = () => new Date(Date.now() + 2 * 3_600_000);
  const swept = await sweepOld(rules, { ...ports, now: later }, signal);
  expect(swept).toMatchObject({ runs: 3, trouble: undefined });
  // The one that is still to run.
  expect(await ask<number>(apiUrl, "/flow_runs/count", {})).toBe(1);
});

interface WorkerRow {
  readonly name: string;
  readonly status: string;
}

test.for(["survey", "prefect-3.6.4"])(
  "with %s: workers that are offline for long go, one that is online stays",
  async (name, ctx) => {
    await using server = await startBareServer(environmentOf(name, ctx));
    const { apiUrl } = server;
    const api = createHousekeepingApi({ url: apiUrl, auth: undefined, requestTimeoutMs: 30_000 });
    const pool = "night runs";
    await write(apiUrl, "/work_pools/", { name: pool, type: "process" });
    const path = `/work_pools/${encodeURIComponent(pool)}/workers`;
    const workers = () => ask<WorkerRow[]>(apiUrl, `${path}/filter`, {});
    const beat = (worker: string, seconds: number) =>
      askUntil(
        async () => {
          const response = await fetch(`${apiUrl}${path}/heartbeat`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ name: worker, heartbeat_interval_seconds: seconds }),
          });
          return response.ok;
        },
        (isOk) => isOk,
      );
    await beat("here", 3_600);
    await beat("gone for good", 1);
    // Prefect looks for them four times a minute.
    await askUntil(workers, (rows) => rows.some(({ status }) => status === "OFFLINE"));
    const rules = { runs: undefined, offlineWorkers: ms(3_600_000) };
    const ports = { api, pause: async () => undefined, step: () => undefined };
    const none = { runs: 0, workers: 0, trouble: undefined };
    expect(await sweepOld(rules, { ...ports, now: () => new Date() }, signal)).toEqual(none);
    expect(await workers()).toHaveLength(2);

    // Both have not been heard of for that long; only one of them is missed.
    const later = () => new Date(Date.now() + 2 * 3_600_000);
    const swept = await sweepOld(rules, { ...ports, now: later }, signal);
    expect(swept).toEqual({ ...none, workers: 1 });
    expect(await workers()).toMatchObject([{ name: "here", status: "ONLINE" }]);
  },
);
