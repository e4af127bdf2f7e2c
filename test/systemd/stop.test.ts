import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { HungMount, whyNoMounts } from "../support/hung-mount.ts";
import { InstalledDaemon } from "../support/systemd/installed-daemon.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const shared = sharedContainer();

const sleeper = (name: string) => ({ name, command: ["sleep", "100000"] });

const deaf = "trap '' TERM; while :; do sleep 0.1; done";

/** Hears the second SIGTERM, not the first. */
const hardOfHearing = {
  name: "slow",
  command: ["sh", "-c", "trap 'trap - TERM' TERM; while :; do sleep 0.05; done"],
  stop_timeout: "10m",
};

test("a stop ends all in order, and the unit has not failed", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), {
    config: { services: [sleeper("a"), sleeper("b")] },
  });
  await daemon.order("start");
  await daemon.untilReady();
  await daemon.order("stop");
  expect(await daemon.processes()).toEqual([]);
  expect(await daemon.show("ActiveState")).toBe("inactive");
  const said = (await daemon.journal()).map(({ message }) => message);
  expect(said).toContain(
    "SIGTERM received: stops everything in order; a second one does it at once",
  );
  expect(said.join("\n")).not.toMatch(/daemon died|Unit process|failed/i);
});

test("a unit that takes longer than TimeoutStopSec= gets the time that it was promised", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), {
    config: {
      services: [{ name: "deaf", command: ["sh", "-c", deaf], stop_timeout: "2500ms" }],
    },
    service: ["TimeoutStopSec=1"],
  });
  await daemon.order("start");
  await daemon.untilReady();
  await daemon.order("stop");
  expect(await daemon.processes()).toEqual([]);
  expect(await daemon.show("Result")).toBe("success");
});

test("a daemon that dies while it is being stopped leaves nothing all the same", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), {
    config: { services: [hardOfHearing, sleeper("b")] },
  });
  await daemon.order("start");
  await daemon.untilReady();
  await daemon.systemctl("stop", "--no-block");
  await daemon.untilUnit("service@slow", ({ state }) => state === "stopping");
  await daemon.signal("KILL");
  await daemon.order("stop");
  expect(await daemon.processes()).toEqual([]);
  expect((await daemon.journal("-p", "warning")).map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^ended \d+ processes: the daemon died before/),
  );
});

test("a mount that hangs delays neither the stop nor the next start", async (ctx) => {
  const why = whyNoMounts();
  if (why !== undefined) ctx.skip(why);
  const container = await shared(ctx);
  await container.ask(["mkdir", "-p", "/mnt/far"]);
  await using daemon = await InstalledDaemon.install(container, {
    config: {
      services: [sleeper("a")],
      checks: [{ name: "far", mount: "/mnt/far", every: "1s", timeout: "1s" }],
    },
  });
  const mount = await HungMount.within(container.leader, "/mnt/far");
  const untilFar = (state: string) =>
    daemon.untilStatus(`the check ${state}`, ({ checks }) => checks[0]?.state === state);
  await daemon.order("start");
  await untilFar("ok");
  await mount.hang();
  await untilFar("hangs");
  await daemon.order("stop");
  expect(await daemon.show("Result")).toBe("success");
  // The look alone: it goes when the mount does.
  expect(await daemon.processes()).toHaveLength(1);
  expect((await daemon.journal("-p", "warning")).map(({ message }) => message)).not.toContainEqual(
    expect.stringMatching(/^processes .* cannot be ended/),
  );
  await daemon.order("start");
  await untilFar("hangs");
  await mount.goAway();
  await untilFar("fail");
  await daemon.order("stop");
  expect(await daemon.processes()).toEqual([]);
});

test("a stop at any moment after a crash leaves nothing", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), {
    config: { services: [sleeper("a")] },
  });
  // Into the crash, the sweep, its pause, and the start of the next daemon.
  for (const afterMs of [0, 50, 200, 600, 1_300, 1_800]) {
    await daemon.order("start");
    await daemon.untilReady();
    await daemon.signal("KILL");
    await sleep(afterMs);
    await daemon.order("stop");
    await daemon.untilNothingRuns();
    expect(await daemon.show("SubState"), `after ${afterMs} ms`).toMatch(/^(dead|failed)$/);
  }
});

test("a program that cannot even be started does not keep the machine busy", async (ctx) => {
  const container = await shared(ctx);
  await using daemon = await InstalledDaemon.install(container);
  await container.ask(["rm", "/usr/bin/sails-supervisor"]);
  await daemon.systemctl("start", "--no-block");
  await container.until("it is tried again", async () =>
    Number(await daemon.show("NRestarts")) >= 1 ? true : undefined,
  );
  const before = Number(await daemon.show("NRestarts"));
  await sleep(1_000);
  expect(Number(await daemon.show("NRestarts")) - before).toBeLessThanOrEqual(2);
  await daemon.order("stop");
});

test("the sweep does nothing but for systemd", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), {
    config: { services: [sleeper("a")] },
  });
  await daemon.order("start");
  const { units } = await daemon.untilReady();
  const before = await daemon.mainPid();
  expect((await daemon.run("sweep")).status).toBe(2);
  expect(await daemon.mainPid()).toBe(before);
  expect((await daemon.untilReady()).units).toMatchObject([{ pid: units[0]?.pid, restarts: 0 }]);
});
