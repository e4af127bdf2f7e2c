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

/** A pool that requires a file, and one that does not; a worker that shows its life each second. */
class Scene {
  readonly place: Workplace;
  readonly file: string;

  private constructor(place: Workplace) {
    this.place = place;
    this.file = join(place.directory, "there");
  }

  static async make(path: string): Promise<Scene> {
    const scene = new Scene(await Workplace.make({}));
    const { place, file } = scene;
    await scene.mend();
    await place.configure({
      prefect: {
        home: join(place.directory, "data"),
        env: { PREFECT_WORKER_HEARTBEAT_SECONDS: "1" },
      },
      environment: { path },
      server: { port: place.serverPort },
      pools: [{ name: "runs", requires: ["file"] }, { name: "free" }],
      checks: [{ name: "file", file, every: "1s" }],
    });
    return scene;
  }

  break(): Promise<void> {
    return rm(this.file);
  }

  mend(): Promise<void> {
    return writeFile(this.file, "");
  }

  pool(name = "runs"): Promise<Pool> {
    return ask<Pool>(this.place.apiUrl, `/work_pools/${name}`);
  }

  pausedIs(wanted: boolean): Promise<Pool> {
    return askUntil(
      () => this.pool(),
      (pool) => pool.is_paused === wanted,
    );
  }

  /** As an operator does. */
  async pause(isPaused: boolean): Promise<void> {
    const body = JSON.stringify({ is_paused: isPaused });
    const headers = { "content-type": "application/json" };
    await fetch(`${this.place.apiUrl}/work_pools/runs`, { method: "PATCH", headers, body });
  }

  /** Until its worker has shown its life once more. */
  async heartbeat(): Promise<void> {
    const beats = async (): Promise<string> =>
      JSON.stringify(await ask(this.place.apiUrl, "/work_pools/runs/workers/filter", {}));
    const before = await beats();
    await askUntil(beats, (now) => now !== before);
  }
}

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (environment) => {
  test("a pool is closed while what it requires fails, over the death of a daemon", async (ctx) => {
    const scene = await Scene.make(environmentOf(environment, ctx));
    const daemon = scene.place.start();
    await daemon.untilReady();
    await scene.pausedIs(false);

    await scene.break();
    await scene.pausedIs(true);
    const { pools } = await daemon.until((status) =>
      status.pools.some(({ name, intake }) => name === "runs" && intake === "paused"),
    );
    expect(pools.find(({ name }) => name === "runs")?.why).toMatch(
      /^closed: check file fails since \d\d:\d\d UTC: .*there does not exist$/,
    );
    expect(await scene.pool("free")).toMatchObject({ is_paused: false });

    // The daemon that dies leaves it closed; the next one opens it.
    await daemon.end("SIGKILL");
    const next = scene.place.start();
    await next.untilReady();
    await scene.pausedIs(true);
    await scene.mend();
    await scene.pausedIs(false);

    // Who has paused it before wants it paused.
    await scene.pause(true);
    await scene.break();
    await next.says("pool runs takes no new runs: it requires check file");
    await scene.mend();
    await next.says("pool runs stays paused, though what it requires holds");
    expect(await scene.pool()).toMatchObject({ is_paused: true });
    expect(await next.end("SIGTERM")).toBe(0);
  });

  test("an operator who pauses or opens it meanwhile has the last word", async (ctx) => {
    const scene = await Scene.make(environmentOf(environment, ctx));
    const daemon = scene.place.start();
    const isClosed = (times: number) =>
      daemon.says(new RegExp(`(?:pool runs takes no new runs: it requires[^]*){${times}}`));
    await daemon.untilReady();

    // A worker that shows its life is no operator.
    await scene.break();
    await isClosed(1);
    await scene.heartbeat();
    await scene.heartbeat();
    await scene.mend();
    await daemon.says("pool runs takes new runs again");
    await scene.pausedIs(false);

    await scene.break();
    await isClosed(2);
    await scene.pause(true);
    await scene.mend();
    await daemon.says("pool runs stays paused, though what it requires holds");
    await scene.heartbeat();
    expect(await scene.pool()).toMatchObject({ is_paused: true });

    await scene.pause(false);
    await scene.break();
    await isClosed(3);
    await scene.pause(false);
    await daemon.says("pool runs takes new runs, for an operator has opened it in Prefect");
    await scene.heartbeat();
    expect(await scene.pool()).toMatchObject({ is_paused: false });

    // It has held again: what fails next is another matter.
    await scene.mend();
    await daemon.until(({ checks }) =>
      checks.some(({ name, state }) => name === "file" && state === "ok"),
    );
    await scene.break();
    await isClosed(4);
    expect(await scene.pool()).toMatchObject({ is_paused: true });
    expect(await daemon.end("SIGTERM")).toBe(0);
  });
});
