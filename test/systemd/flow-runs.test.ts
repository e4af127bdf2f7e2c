/**
 * Flow runs of a real Prefect under a real systemd, as an ordinary user and by the unit as it is:
 * through restarts, a stop, a shutdown, a volume that is missing and a plug that is pulled. One
 * installation for all: each test finds it as the one before it has left it, and starts it.
 */
import { readdir } from "node:fs/promises";
import { expect, type TestContext, test } from "vitest";
import { wholeOutput } from "../support/flow-runs.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { askUntil } from "../support/prefect-server.ts";
import { type Entry, user } from "../support/systemd/container.ts";
import { InstalledFlows } from "../support/systemd/installed-flows.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const patient = { timeout: 300_000 };
const worker = "worker@runs";

const shared = sharedContainer();
let installing: Promise<InstalledFlows> | undefined;

async function running(ctx: Pick<TestContext, "skip">): Promise<InstalledFlows> {
  const environment = environmentOf("survey", ctx);
  const container = await shared(ctx);
  installing ??= InstalledFlows.install(container, environment, { stop_timeout: "2s" });
  const flows = await installing;
  await flows.running();
  return flows;
}

const pidsOf = async ({ daemon }: InstalledFlows, ids: readonly string[]) =>
  new Map((await daemon.runs()).flatMap(({ id, pid }) => (ids.includes(id) ? [[id, pid]] : [])));

/** Resolves when `systemctl status` says so. */
const untilShown = ({ daemon, container }: InstalledFlows, words: string) =>
  container.until(`the status says: ${words}`, async () =>
    (await daemon.show("StatusText")).includes(words) ? true : undefined,
  );

const messages = (entries: readonly Entry[]): readonly string[] =>
  entries.map(({ message }) => message);

/** As journald had it. */
const at = ({ fields }: Entry): number => Number(fields["__REALTIME_TIMESTAMP"]) / 1000;

/** Where in the journal it stands. */
function placeOf(said: readonly string[], pattern: RegExp): number {
  const place = said.findIndex((message) => pattern.test(message));
  expect(place, `${pattern} in:\n${said.join("\n")}`).not.toBe(-1);
  return place;
}

/** What holds a slot of the pool, and must not after its process has gone. */
const holdsSlot = (type: string | undefined): boolean =>
  ["PENDING", "RUNNING", "CANCELLING"].includes(type ?? "");

test("runs do not notice what is done to the daemon and to their worker", patient, async (ctx) => {
  const flows = await running(ctx);
  const { daemon, container } = flows;
  const until = "/tmp/both-may-end";
  const runs = await Promise.all([flows.create({ until }), flows.create({ until })]);
  for (const id of runs) await flows.until(id, "Running");
  const processes = await pidsOf(flows, runs);
  expect(processes.size).toBe(2);
  const group = await daemon.show("ControlGroup");
  for (const [id, pid] of processes) {
    const cgroup = await container.ask(["cat", `/proc/${pid}/cgroup`]);
    expect(cgroup).toContain(`:${group}/runs/${id}.${pid}`);
  }

  await daemon.order("restart");
  await daemon.untilReady();
  const killed = await daemon.mainPid();
  await daemon.signal("KILL");
  await daemon.anotherOne(killed);
  await daemon.untilReady();
  await daemon.order("reload");
  const replaced = await daemon.run("reexec");
  expect(replaced.stdout).toContain("no unit was touched (2 ran)");
  await daemon.untilReady();
  expect((await daemon.run("restart", worker)).status).toBe(0);

  expect(await pidsOf(flows, runs)).toEqual(processes);
  const web = await container.forward(9746);
  expect((await fetch(`${web}/livez`)).status).toBe(200);
  await untilShown(flows, "All 2 units ready");
  expect(messages(await flows.said())).toContain(
    "configuration reloaded: 0 units added, 0 restarted, 0 removed",
  );
  await container.ask(["touch", until]);
  for (const id of runs) {
    const run = await flows.until(id, "Completed", "Failed", "Crashed", "Cancelled");
    expect([run.state.name, run.run_count]).toEqual(["Completed", 1]);
    const printed = await flows.printed(id);
    expect(printed).toEqual(wholeOutput(printed.length - 1));
    expect(messages(await flows.output(id)).slice(0, 2)).toEqual([
      `sails-supervisor: flow run ${id} begins`,
      `sails-supervisor: flow run of ticker/ticker in process ${processes.get(id)}`,
    ]);
  }
});

test("a restart of the daemon amid one of a worker loses nothing", patient, async (ctx) => {
  const flows = await running(ctx);
  const { daemon, container } = flows;
  const until = "/tmp/the-attached-may-end";
  const attached = await flows.create({ until, isAttached: true });
  await flows.until(attached, "Running");
  expect((await daemon.run("restart", worker, "--no-wait")).status).toBe(0);
  await daemon.untilUnit(worker, ({ state }) => state === "draining");
  await daemon.order("restart");
  await daemon.untilReady();
  await askUntil(
    () => flows.pool(),
    ({ is_paused: isPaused }) => !isPaused,
  );
  const later = await flows.create({ seconds: 1 });
  expect((await flows.until(later, "Completed", "Crashed")).state.name).toBe("Completed");
  // The next moment: the worker goes, or has gone, and nobody has started another one yet.
  expect((await daemon.run("stop", worker, "--no-wait")).status).toBe(0);
  expect((await daemon.run("start", worker, "--no-wait")).status).toBe(0);
  await container.ask(["touch", until]);
  await daemon.order("restart");
  await daemon.untilReady();
  const run = await flows.until(attached, "Completed", "Failed", "Crashed", "Cancelled");
  expect([run.state.name, run.run_count]).toEqual(["Completed", 1]);
  await askUntil(
    () => flows.pool(),
    ({ is_paused: isPaused }) => !isPaused,
  );
  await daemon.untilStatus("the pool is open", ({ pools }) => pools[0]?.intake === "open");
});

test(
  "a stop settles all that it cuts, leaves no process, and the next start goes on",
  patient,
  async (ctx) => {
    const flows = await running(ctx);
    const { daemon, container } = flows;
    const cut = await Promise.all([
      flows.create(),
      flows.create({ flow: "parent" }),
      flows.create({ isAttached: true }),
    ]);
    for (const id of cut) await flows.until(id, "Running");
    const claimed = await flows.create({ seconds: 1 });
    await flows.until(claimed, "Pending", "Submitting", "Running", "Completed");
    const began = Date.now();
    await daemon.order("stop");
    expect(Date.now() - began).toBeLessThan(60_000);
    expect(await daemon.processes()).toEqual([]);
    expect((await container.run(["pgrep", "-u", user])).stdout).toBe("");
    expect(await daemon.show("Result")).toBe("success");
    expect(await daemon.show("StatusText")).toBe("Stopped");
    const stored = await flows.stored();
    for (const id of cut) {
      expect(stored.get(id)).toMatchObject({
        type: expect.stringMatching(/^(CRASHED|CANCELLED)$/),
      });
      expect(stored.get(id)?.message).toBeTruthy();
    }
    expect([...stored.values()].filter(({ type }) => holdsSlot(type))).toEqual([]);

    await flows.running();
    await askUntil(
      () => flows.pool(),
      ({ is_paused: isPaused }) => !isPaused,
    );
    await flows.until(claimed, "Completed", "Crashed");
  },
);

test(
  "a shutdown settles too, and a volume that is missing or wrong after it holds all back",
  patient,
  async (ctx) => {
    const flows = await running(ctx);
    const { daemon, container } = flows;
    const { source, target } = InstalledFlows.volume;
    const cut = [await flows.create(), await flows.create({ isAttached: true })];
    for (const id of cut) await flows.until(id, "Running");
    await container.ask(["systemctl", "disable", InstalledFlows.mountUnit]);
    await container.powerOff();
    await container.start();

    const server = await daemon.untilUnit("server", ({ reasonCode }) => reasonCode === "volume");
    expect(server.reason).toContain(`${InstalledFlows.home} has no prefect.db`);
    expect(server.next).toContain(`findmnt --target ${InstalledFlows.home}`);
    expect((await daemon.untilUnit(worker, () => true)).state).toBe("waiting");
    await untilShown(flows, "its volume is probably not mounted");
    expect((await daemon.run("status")).stdout).toContain("has no prefect.db");
    expect(await readdir(container.path(target))).toEqual([]);
    expect(messages(await daemon.journal("-b", "-1")).at(-1)).toMatch(/^Stopped /);
    const stored = await flows.stored(`${source}/home`);
    for (const id of cut) expect(stored.get(id)?.type).toMatch(/^(CRASHED|CANCELLED)$/);
    expect([...stored.values()].filter(({ type }) => holdsSlot(type))).toEqual([]);

    // Nobody can be told of anything, and nobody is waited for.
    const began = Date.now();
    await daemon.order("stop");
    expect(Date.now() - began).toBeLessThan(30_000);
    await daemon.order("start");

    await container.ask(["mkdir", "-p", "/srv/other/home"]);
    await container.ask(["touch", "/srv/other/home/prefect.db"]);
    await container.ask(["mount", "--bind", "/srv/other", target]);
    await daemon.run("start", "server", "--no-wait");
    const other = await daemon.untilUnit("server", ({ reason }) => /is not the one/.test(reason));
    expect(other.next).toContain("rm /var/lib/sails-supervisor/database.json");
    await untilShown(flows, "is not the one of the last run");
    await container.ask(["umount", target]);
    await container.ask(["systemctl", "enable", "--now", InstalledFlows.mountUnit]);
    const { pools } = await daemon.untilReady(120_000);
    expect(pools).toMatchObject([{ intake: "open", why: null }]);
    expect((await flows.pool()).is_paused).toBe(false);
  },
);

test(
  "after a pulled plug all is settled before workers start, and these start one by one",
  patient,
  async (ctx) => {
    const flows = await running(ctx);
    const { daemon, container } = flows;
    const cut = await Promise.all([flows.create(), flows.create({ isAttached: true })]);
    for (const id of cut) await flows.until(id, "Running");
    await flows.limit(3);
    // Beyond what a worker fetches beforehand.
    const scheduledFor = new Date(Date.now() + 14_000);
    const backlog = await Promise.all(
      Array.from({ length: 5 }, () => flows.create({ seconds: 1, scheduledFor })),
    );
    const claimed = await flows.create({ seconds: 1 });
    await flows.until(claimed, "Pending", "Submitting");
    const crashedAt = Date.now();
    await container.crash();
    await container.start();
    await daemon.untilReady(120_000);

    const said = messages(await flows.said());
    const start = placeOf(said, /^worker@runs: started/);
    expect(placeOf(said, /^limit runs: concurrency_limit 3 → 10/)).toBeLessThan(start);
    for (const id of cut) {
      expect(placeOf(said, new RegExp(`${id}.* is Crashed now`))).toBeLessThan(start);
      const { state } = await flows.seen(id);
      expect(state.name).toBe("Crashed");
      const booted = /was lost when the machine was rebooted at (.*) UTC/.exec(state.message ?? "");
      expect(Date.parse(`${booted?.[1]}Z`)).toBeGreaterThan(crashedAt - 60_000);
    }
    expect(placeOf(said, new RegExp(`${claimed}.* is scheduled again`))).toBeLessThan(start);
    for (const id of [claimed, ...backlog]) {
      const run = await flows.until(id, "Completed", "Failed", "Crashed", "Cancelled");
      expect([run.state.name, run.run_count]).toEqual(["Completed", 1]);
    }
    // The slots are free.
    expect(await flows.holders()).toEqual([]);

    const cpus = Number(await container.ask(["nproc"]));
    const turns = await Promise.all(
      [claimed, ...backlog].map(async (id) => turnOf(await flows.output(id))),
    );
    const gaps = turns
      .toSorted((one, other) => one - other)
      .map((turn, i, all) => turn - (all[i - 1] ?? Number.NEGATIVE_INFINITY));
    // Of one second for each processor; what is read off the journal is late by what that takes.
    expect(Math.min(...gaps)).toBeGreaterThan(600 / cpus);
  },
);

/** When the launcher let it begin: told beforehand to those that have to wait. */
function turnOf(output: readonly Entry[]): number {
  const waits = output.flatMap((entry) => {
    const span = /^sails-supervisor: waits (\S+) s for its turn/.exec(entry.message)?.[1];
    return span === undefined ? [] : [at(entry) + Number(span) * 1000];
  });
  const begins = output.filter(({ message }) => message.startsWith("sails-supervisor: flow run"));
  return waits.at(-1) ?? Math.max(...begins.map(at));
}
