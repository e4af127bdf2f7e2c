/**
 * The package on a machine with a systemd and nothing else: one life of it, from the first install to
 * the purge. Each test goes on where the one before it has ended.
 */
import { readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { buildPackages, whyNoPackages } from "../support/packages.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { type SystemdContainer, user } from "../support/systemd/container.ts";
import { Footprint } from "../support/systemd/footprint.ts";
import { InstalledDaemon, unit } from "../support/systemd/installed-daemon.ts";
import { InstalledFlows } from "../support/systemd/installed-flows.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const patient = { timeout: 180_000 };
const library = "/usr/lib/sails-supervisor";
const sleeper = (name: string) => ({ name, command: ["sleep", "100000"] });
const services = [sleeper("a"), sleeper("b")];

const shared = sharedContainer();

interface Machine {
  readonly container: SystemdContainer;
  /** The packages of two versions, by their paths in the container. */
  readonly former: string;
  readonly next: string;
  readonly before: Footprint;
}

let preparing: Promise<Machine> | undefined;

async function machine(ctx: Pick<TestContext, "skip">): Promise<Machine> {
  const why = whyNoPackages();
  if (why !== undefined) ctx.skip(why);
  const container = await shared(ctx);
  preparing ??= prepare(container);
  return preparing;
}

async function prepare(container: SystemdContainer): Promise<Machine> {
  await container.ask(["mkdir", "/srv/packages"]);
  const output = container.path("/srv/packages");
  const build = async (version: string): Promise<string> => {
    const [file = ""] = await buildPackages({ output, version, format: "deb" });
    return `/srv/packages/${basename(file)}`;
  };
  const [former, next] = [await build("0.1.0"), await build("0.2.0")];
  return { container, former, next, before: await Footprint.of(container) };
}

/** The one of docs/install.md, for the user and the volume of the tests. */
async function documentedDropIn(): Promise<string> {
  const block = /```ini\n(.*?)```/s.exec(await readFile("docs/install.md", "utf8"))?.[1] ?? "";
  return block
    .replaceAll(/^ +/gm, "")
    .replace("User=ubuntu", `User=${user}`)
    .replace("/mnt/prefect", InstalledFlows.volume.target);
}

let packaged: InstalledDaemon | undefined;

async function installed(ctx: Pick<TestContext, "skip">): Promise<InstalledDaemon> {
  const { container, former } = await machine(ctx);
  packaged ??= await InstalledDaemon.fromPackage(container, former);
  return packaged;
}

const versionOf = async (daemon: InstalledDaemon): Promise<string | undefined> =>
  (await daemon.status())?.supervisor.version;

/** Of each unit with a process. */
const childrenOf = async (daemon: InstalledDaemon) =>
  (await daemon.untilReady()).units.map(({ name, pid, restarts }) => ({ name, pid, restarts }));

test(
  "it is started when somebody says so, is ready, and says where to look",
  patient,
  async (ctx) => {
    const daemon = await installed(ctx);
    const { container } = daemon;
    expect(await daemon.show("ActiveState")).toBe("inactive");
    expect((await container.run(["systemctl", "is-enabled", unit])).stdout).toBe("disabled\n");
    await container.ask(["systemctl", "enable", "--now", "sails-supervisor"]);
    const web = await container.forward(9746);
    const answer = await fetch(`${web}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringMatching(/^ok/)]);
    const { stdout } = await daemon.systemctl("status", "--no-pager", "--full");
    expect(stdout).toContain("Supervisor of a self-hosted Prefect: server, workers");
    expect(stdout).toMatch(/Docs: man:sails-supervisor\(8\)/);
    expect(await container.ask(["journalctl", "--list-catalog"])).toContain(" sails-supervisor: ");
    expect(stdout).toContain(
      "file:///usr/share/doc/sails-supervisor/docs/install.md".replace("//", ""),
    );
    expect(stdout).toMatch(/Status: "\S+/);
    expect(await container.ask(["stat", "-c", "%U", `/proc/${await daemon.mainPid()}`])).toBe(
      "sails-supervisor",
    );
  },
);

test(
  "an upgrade replaces the daemon in its process, and touches nothing else",
  patient,
  async (ctx) => {
    const daemon = await installed(ctx);
    const { next } = await machine(ctx);
    await daemon.configure({ services });
    await daemon.order("reload");
    await daemon.untilUnit("service@b", ({ ready }) => ready);
    const [pid, before] = [await daemon.mainPid(), await childrenOf(daemon)];
    expect(before).toHaveLength(2);
    expect(await versionOf(daemon)).toBe("0.1.0");
    const said = await daemon.dpkg("-i", next);
    expect(said).toContain("runs version 0.2.0 (before: 0.1.0); no unit was touched (2 ran)");
    expect(await versionOf(daemon)).toBe("0.2.0");
    expect(await daemon.mainPid()).toBe(pid);
    expect(await childrenOf(daemon)).toEqual(before);
  },
);

test(
  "one that refuses the configuration leaves the old one at work, and says why",
  patient,
  async (ctx) => {
    const daemon = await installed(ctx);
    const { former, next } = await machine(ctx);
    const before = await childrenOf(daemon);
    const parts = async () =>
      (await daemon.container.ask(["ls", `${library}/dist/chunks`])).split("\n");
    const own = await parts();
    await daemon.configure({ services, retired: true });
    const said = await daemon.dpkg("-i", former);
    expect(said).toMatch(
      /would not start, so the one that runs goes on:\n.*config\.yaml:.*retired/,
    );
    expect(await versionOf(daemon)).toBe("0.2.0");
    // What of its program it has not loaded yet has been kept for it.
    expect(await parts()).toEqual(expect.arrayContaining(own));
    await daemon.configure({ services: [...services, sleeper("c")] });
    await daemon.order("reload");
    await daemon.untilUnit("service@c", ({ ready }) => ready);
    expect((await childrenOf(daemon)).slice(0, 2)).toEqual(before);
    await daemon.container.ask(["sails-supervisor", "reexec"]);
    expect(await versionOf(daemon)).toBe("0.1.0");
    expect((await childrenOf(daemon)).slice(0, 2)).toEqual(before);
    await daemon.dpkg("-i", next);
    expect((await childrenOf(daemon)).slice(0, 2)).toEqual(before);
    expect((await daemon.container.run(["dpkg", "--verify", "sails-supervisor"])).stdout).toBe(
      "??5?????? c /etc/sails-supervisor/config.yaml\n",
    );
    const foreign =
      "cd /; dpkg -L sails-supervisor | sort >/tmp/own; find /usr/lib/sails-supervisor | sort | comm -23 - /tmp/own";
    expect(await daemon.container.ask(["sh", "-c", foreign])).toBe("");
  },
);

test(
  "a configuration that keeps every daemon from starting costs no child",
  patient,
  async (ctx) => {
    const daemon = await installed(ctx);
    const before = await childrenOf(daemon);
    await daemon.configure({ services, retired: true });
    await daemon.systemctl("restart", "--no-block");
    await daemon.container.until("it was tried again", async () =>
      Number(await daemon.show("NRestarts")) >= 1 ? true : undefined,
    );
    const said = (await daemon.journal("-p", "err")).map(({ message }) => message).join("\n");
    expect(said).toContain("retired");
    await daemon.configure({ services: [...services, sleeper("c")] });
    expect(await childrenOf(daemon)).toEqual(before);
  },
);

test("a disk that is full during the upgrade leaves everything as it was", patient, async (ctx) => {
  const daemon = await installed(ctx);
  const { container, former } = await machine(ctx);
  const [pid, before] = [await daemon.mainPid(), await childrenOf(daemon)];
  await container.ask(["mkdir", "-p", "/mnt/small"]);
  await container.ask(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", "/mnt/small"]);
  await container.ask(["cp", "-a", `${library}/.`, "/mnt/small"]);
  await container.ask(["mount", "--bind", "/mnt/small", library]);
  await expect(daemon.dpkg("-i", former)).rejects.toThrow("No space left on device");
  expect(
    await container.ask(["dpkg-query", "-W", "-f", "${Status} ${Version}", "sails-supervisor"]),
  ).toBe("install ok installed 0.2.0");
  expect((await container.run(["dpkg", "--verify", "sails-supervisor"])).stdout).not.toContain(
    library,
  );
  expect(await daemon.mainPid()).toBe(pid);
  expect((await daemon.container.run(["sails-supervisor", "reexec"])).stdout).toContain("0.2.0");
  expect(await childrenOf(daemon)).toEqual(before);
  await container.ask(["umount", "--lazy", library]);
  await container.ask(["umount", "--lazy", "/mnt/small"]);
});

test("a stop during the upgrade is a stop", patient, async (ctx) => {
  const daemon = await installed(ctx);
  const { container, former } = await machine(ctx);
  const upgrade = daemon.dpkg("-i", former);
  const unpacks = async () =>
    (await container.run(["test", "-e", `${library}/node/bin/node.dpkg-new`])).status === 0;
  let isOver = false;
  void upgrade.finally(() => (isOver = true));
  await container.until("it unpacks", async () => ((await unpacks()) || isOver ? true : undefined));
  await daemon.order("stop");
  await upgrade;
  expect(await daemon.show("ActiveState")).toBe("inactive");
  expect(await daemon.processes()).toEqual([]);
  await daemon.order("start");
  await daemon.untilReady();
  expect(await versionOf(daemon)).toBe("0.1.0");
});

test("one drop-in hands all of it to the owner of the data", patient, async (ctx) => {
  const daemon = await installed(ctx);
  const { container } = daemon;
  await container.write(`/etc/systemd/system/${unit}.d/override.conf`, await documentedDropIn());
  await container.ask(["systemctl", "daemon-reload"]);
  await daemon.order("stop");
  await daemon.order("start");
  await daemon.untilReady();
  const pids = (await daemon.processes()).join(",");
  const users = await container.ask(["ps", "-o", "user=", "-p", pids]);
  expect(new Set(users.split("\n"))).toEqual(new Set([user]));
  const foreign = ["find", daemon.stateDir, "!", "-user", user];
  expect(await container.ask(foreign)).toBe("");
});

test("removed, it leaves configuration and data, and no process", patient, async (ctx) => {
  const daemon = await installed(ctx);
  await daemon.dpkg("-r", "sails-supervisor");
  expect((await daemon.container.run(["pgrep", "-u", `${user},sails-supervisor`])).stdout).toBe("");
  const paths = await (await machine(ctx)).before.left();
  const folders = [
    "/etc/sails-supervisor",
    "/etc/systemd/system/sails-supervisor.service.d",
    "/etc/systemd/system/multi-user.target.wants/sails-supervisor.service",
    "/var/lib/sails-supervisor",
    "/var/lib/dpkg/info/sails-supervisor.list",
    "/var/lib/dpkg/info/sails-supervisor.postrm",
  ];
  expect(paths.filter((path) => !folders.some((each) => path.startsWith(each)))).toEqual([]);
  expect(paths).toContain("/etc/sails-supervisor/config.yaml");
  expect(paths).toContain("/var/lib/sails-supervisor/state.json");
});

test("purged, it leaves nothing", patient, async (ctx) => {
  const daemon = await installed(ctx);
  await daemon.dpkg("--purge", "sails-supervisor");
  expect(await (await machine(ctx)).before.left()).toEqual([]);
  packaged = undefined;
});

test("ten flow runs do not notice an upgrade", { timeout: 300_000 }, async (ctx) => {
  const environment = environmentOf("survey", ctx);
  const { container, former, next } = await machine(ctx);
  const flows = await InstalledFlows.install(container, environment, {}, (config) =>
    InstalledDaemon.fromPackage(container, former, { config }),
  );
  const { daemon } = flows;
  await container.write(`/etc/systemd/system/${unit}.d/override.conf`, await documentedDropIn());
  await container.ask(["systemctl", "daemon-reload"]);
  expect((await daemon.show("Requires")).split(" ")).toContain(InstalledFlows.mountUnit);
  await flows.running();
  const until = "/tmp/all-may-end";
  const runs = await Promise.all(Array.from({ length: 10 }, () => flows.create({ until })));
  for (const id of runs) await flows.until(id, "Running");
  const before = await daemon.runs();
  expect(before).toHaveLength(10);
  expect(await daemon.dpkg("-i", next)).toContain("runs version 0.2.0 (before: 0.1.0)");
  const pids = (list: typeof before) => new Map(list.map(({ id, pid }) => [id, pid]));
  expect(pids(await daemon.runs())).toEqual(pids(before));
  await container.ask(["touch", until]);
  for (const id of runs) {
    const run = await flows.until(id, "Completed", "Failed", "Crashed", "Cancelled");
    expect([run.state.name, run.run_count]).toEqual(["Completed", 1]);
  }
  await daemon.dpkg("--purge", "sails-supervisor");
  expect((await container.run(["pgrep", "-u", user])).stdout).toBe("");
  // PREFECT_HOME is not the package's.
  expect((await flows.stored()).size).toBe(10);
  await rm(container.path("/srv/packages"), { recursive: true });
});
