import { expect, test } from "vitest";
import { InstalledDaemon } from "../support/systemd/installed-daemon.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const shared = sharedContainer();

const sleeper = (name: string) => ({ name, command: ["sleep", "100000"] });
/** With a process below it, in a session of its own. */
const parent = { name: "b", command: ["sh", "-c", "setsid -f sleep 100000; exec sleep 100000"] };

const services = [sleeper("a"), parent];

/** What runs in its cgroup beside the daemon: pid and cgroup of each. */
async function children(daemon: InstalledDaemon): Promise<string> {
  const main = await daemon.mainPid();
  const pids = (await daemon.processes()).filter((pid) => pid !== main);
  const shown = await daemon.container.ask([
    ...["ps", "-o", "pid=,args=,cgroup=", "-p", pids.join(",")],
  ]);
  // Programs by which the daemon speaks to systemd, for a moment.
  return shown
    .split("\n")
    .filter((line) => !line.endsWith("/supervisor"))
    .join("\n");
}

const said = async (daemon: InstalledDaemon): Promise<string> =>
  (await daemon.journal()).map(({ message }) => message).join("\n");

test.for(["restart", "try-restart"])(
  "%s replaces the daemon and nothing else",
  async (verb, ctx) => {
    await using daemon = await InstalledDaemon.install(await shared(ctx), { config: { services } });
    await daemon.order("start");
    await daemon.untilReady();
    const [pid, before] = [await daemon.mainPid(), await children(daemon)];
    expect(before.split("\n")).toHaveLength(3);
    await daemon.order(verb);
    const { units } = await daemon.untilReady();
    expect(await daemon.mainPid()).not.toBe(pid);
    expect(await children(daemon)).toBe(before);
    expect(units.map(({ restarts }) => restarts)).toEqual([0, 0]);
    expect((await said(daemon)).match(/: started, process/g)).toHaveLength(2);
    expect((await said(daemon)).match(/: taken over as it runs/g)).toHaveLength(2);
  },
);

test("a daemon that is killed is followed by one that takes over all that runs", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), { config: { services } });
  await daemon.order("start");
  await daemon.untilReady();
  const [pid, before] = [await daemon.mainPid(), await children(daemon)];
  expect(before).toMatch(/\/service@a$/m);
  for (const signal of ["KILL", "SEGV"]) {
    const main = await daemon.mainPid();
    await daemon.signal(signal);
    await daemon.anotherOne(main);
    await daemon.untilReady();
    expect(await children(daemon)).toBe(before);
  }
  expect(await daemon.mainPid()).not.toBe(pid);
  expect(await daemon.show("NRestarts")).toBe("2");
});

test("a SIGTERM of somebody's is no restart: all stops in order, and systemd starts anew", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), { config: { services } });
  await daemon.order("start");
  await daemon.untilReady();
  const [pid, before] = [await daemon.mainPid(), await children(daemon)];
  await daemon.signal("TERM");
  await daemon.anotherOne(pid);
  await daemon.untilReady();
  expect(await said(daemon)).toContain("SIGTERM received: stops everything in order");
  const after = await children(daemon);
  expect(after.split("\n")).toHaveLength(3);
  expect(after).not.toBe(before);
});

test("a stop that overtakes a restart is a stop", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), { config: { services } });
  for (const pauseMs of [0, 30, 100, 300]) {
    await daemon.order("start");
    await daemon.untilReady();
    await daemon.systemctl("restart", "--no-block");
    await new Promise((done) => setTimeout(done, pauseMs));
    await daemon.order("stop");
    await daemon.untilNothingRuns();
    expect(await said(daemon)).not.toContain("has not gone");
  }
});

test("… also when the sweep has left all to the next daemon already", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx), {
    config: { services },
    service: ["ExecStopPost=/bin/sleep 1"],
  });
  await daemon.order("start");
  await daemon.untilReady();
  await daemon.systemctl("restart", "--no-block");
  await daemon.untilControlProcessIs("/bin/sleep 1");
  await daemon.order("stop");
  await daemon.untilNothingRuns();
  expect(await daemon.show("ActiveState")).toBe("inactive");
  expect(await said(daemon)).toMatch(/^ended 3 processes: the daemon /m);
});

test("at shutdown all stops in order; after the boot all starts anew", async (ctx) => {
  const container = await shared(ctx);
  await using daemon = await InstalledDaemon.install(container, { config: { services } });
  await container.ask(["systemctl", "enable", "sails-supervisor"]);
  await daemon.order("start");
  await daemon.untilReady();
  await container.reboot();
  await daemon.untilReady();
  const before = (await daemon.journal("-b", "-1")).map(({ message }) => message).join("\n");
  expect(before).toContain("SIGTERM received: stops everything in order");
  expect(before).toMatch(/^stopped$/m);
  expect((await children(daemon)).split("\n")).toHaveLength(3);
  expect((await daemon.journal("-b", "-p", "warning")).map(({ message }) => message)).toEqual([]);
});
