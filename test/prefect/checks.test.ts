/** Pools that require checks, with a real Prefect. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

interface Pool {
  readonly name: string;
  readonly is_paused: boolean;
}

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (environment) => {
  test("a pool is closed while what it requires fails, and an operator has the last word", async (ctx) => {
    const path = environmentOf(environment, ctx);
    const place = await Workplace.make({});
    const file = join(place.directory, "there");
    await writeFile(file, "");
    await place.configure({
      prefect: { home: join(place.directory, "data") },
      environment: { path },
      server: { port: place.serverPort },
      pools: [{ name: "runs", requires: ["file"] }, { name: "free" }],
      checks: [{ name: "file", file, every: "1s" }],
    });
    const daemon = place.start();
    const pausedIs = (wanted: boolean) =>
      askUntil(
        () => ask<Pool>(place.apiUrl, "/work_pools/runs"),
        (pool) => pool.is_paused === wanted,
      );
    const pause = async (isPaused: boolean): Promise<void> => {
      const body = JSON.stringify({ is_paused: isPaused });
      const headers = { "content-type": "application/json" };
      await fetch(`${place.apiUrl}/work_pools/runs`, { method: "PATCH", headers, body });
    };
    await daemon.untilReady();
    await pausedIs(false);

    await rm(file);
    await pausedIs(true);
    const { pools } = await daemon.until((status) =>
      status.pools.some(({ name, intake }) => name === "runs" && intake === "paused"),
    );
    expect(pools.find(({ name }) => name === "runs")?.why).toMatch(
      /^closed: check file fails since \d\d:\d\d UTC: .*there does not exist$/,
    );
    expect(await ask<Pool>(place.apiUrl, "/work_pools/free")).toMatchObject({ is_paused: false });

    // The daemon that dies leaves it closed; the next one opens it.
    await daemon.end("SIGKILL");
    const next = place.start();
    await next.untilReady();
    await pausedIs(true);
    await writeFile(file, "");
    await pausedIs(false);

    // Who pauses it meanwhile wants it paused.
    await pause(true);
    await rm(file);
    await next.says("pool runs takes no new runs: it requires check file");
    await writeFile(file, "");
    await next.says("pool runs stays paused, though what it requires holds");
    expect(await ask<Pool>(place.apiUrl, "/work_pools/runs")).toMatchObject({ is_paused: true });
    expect(await next.end("SIGTERM")).toBe(0);
  });
});
