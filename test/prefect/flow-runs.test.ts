/** Flow runs through the deaths of all that surrounds them, with a real Prefect. */
import { describe, expect, test } from "vitest";
import { type DaemonProcess, gone, kill } from "../support/daemon-process.ts";
import { FlowPlace, wholeOutput } from "../support/flow-runs.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

const worker = "worker@runs";

async function started(flows: FlowPlace): Promise<DaemonProcess> {
  const daemon = flows.place.start();
  await daemon.untilReady();
  await daemon.says("units ready");
  return daemon;
}

async function pause(flows: FlowPlace, isPaused: boolean): Promise<void> {
  await fetch(`${flows.place.apiUrl}/work_pools/runs`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ is_paused: isPaused }),
  });
}

const isPaused = async (flows: FlowPlace): Promise<boolean> =>
  (await ask<{ is_paused: boolean }>(flows.place.apiUrl, "/work_pools/runs")).is_paused;

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (name) => {
  test("a run outlives worker, daemon and server, and nobody executes it twice", async (ctx) => {
    const environment = environmentOf(name, ctx);
    await using flows = await FlowPlace.make(environment);
    const { place } = flows;
    const first = await started(flows);
    const seconds = 45;
    const runs = await Promise.all([1, 2].map(() => flows.create("ticker", seconds)));
    for (const id of runs) await flows.until(id, "Running");
    const processes = await Promise.all(runs.map((id) => flows.seen(id)));
    expect(processes.map((run) => run?.attachment)).toEqual(["attached", "attached"]);

    const before = await first.unit(worker);
    kill(before.pid);
    await first.untilUnit(worker, ({ pid, ready }) => ready && pid !== before.pid);
    expect((await flows.seen(runs[0] ?? ""))?.attachment).toBe("orphaned");

    expect((await place.run("restart", worker)).status).toBe(0);
    expect(await isPaused(flows)).toBe(false);
    expect(await first.end("SIGKILL")).toBe("SIGKILL");
    const second = place.start();
    const [server] = (await second.untilReady()).units;
    kill(server?.pid);
    await second.untilUnit("server", ({ pid, ready }) => ready && pid !== server?.pid);

    for (const id of runs) {
      const run = await flows.until(id, "Completed", "Failed", "Crashed", "Cancelled");
      expect([run.state.name, run.state.message, run.run_count]).toEqual(["Completed", null, 1]);
      expect(await flows.printed(id)).toEqual(wholeOutput(seconds));
      await flows.gone(id);
    }
    expect((await place.run("runs")).stdout).toContain("No flow run has a process here.");
  });

  test("what dies is settled with its cause, what is stopped says so, and nothing is left", async (ctx) => {
    const environment = environmentOf(name, ctx);
    await using flows = await FlowPlace.make(environment, { stop_timeout: "0s" });
    const { place } = flows;
    const daemon = await started(flows);
    const [killed, cancelled, cut] = await Promise.all([
      flows.create("parent", 600),
      flows.create("ticker", 600),
      flows.create("ticker", 600),
    ]);
    for (const id of [killed, cancelled, cut]) await flows.until(id, "Running");
    await askUntil(
      () => flows.printed(killed),
      (lines) => lines.includes("a child is there"),
    );
    const dying = await flows.seen(killed);
    expect(dying?.processes).toBe(1);

    // An orphan: nobody but the daemon can carry out what is asked of it.
    const before = await daemon.unit(worker);
    kill(before.pid);
    await daemon.untilUnit(worker, ({ pid, ready }) => ready && pid !== before.pid);
    kill(dying?.pid);
    const crashed = await flows.until(killed, "Crashed");
    expect(crashed.state.message).toContain(`Process ${dying?.pid} on `);
    expect((await place.run("runs", "cancel", cancelled)).status).toBe(0);
    expect((await flows.until(cancelled, "Cancelled")).state.name).toBe("Cancelled");
    await daemon.says("left 2 processes behind; ended");

    // What an operator has paused stays so, through a restart too.
    await pause(flows, true);
    expect((await place.run("restart", worker)).status).toBe(0);
    expect(await isPaused(flows)).toBe(true);
    await pause(flows, false);

    const last = await flows.seen(cut);
    const settled = daemon.says(/asked to stop|stopped$/m);
    expect(await daemon.end("SIGTERM")).toBe(0);
    await settled;
    await gone(last?.pid ?? 0);
    const next = place.start();
    await next.untilReady();
    expect((await flows.run(cut)).state.name).toBe("Crashed");
    expect(await isPaused(flows)).toBe(false);
  });
});

test("a drain closes a pool, says what it waits for, and ends; resume opens it", async (ctx) => {
  await using flows = await FlowPlace.make(environmentOf("survey", ctx));
  const { place } = flows;
  await started(flows);
  const running = await flows.create("ticker", 12);
  await flows.until(running, "Running");
  const late = await place.run("drain", "runs", "--timeout", "1s");
  expect(late.status).toBe(1);
  const waiting = await flows.create("ticker", 1);
  const status = await place.run("status", "--json");
  expect(JSON.parse(status.stdout)).toMatchObject({
    pools: [{ name: "runs", intake: "draining", runs: 1 }],
  });
  const drained = await place.run("drain", "runs");
  expect(drained.status).toBe(0);
  expect((await flows.run(running)).state.name).toBe("Completed");
  expect(["Scheduled", "Late"]).toContain((await flows.run(waiting)).state.name);
  expect((await place.run("resume", "runs")).status).toBe(0);
  await flows.until(waiting, "Completed");
});
