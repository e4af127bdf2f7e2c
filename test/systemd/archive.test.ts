/** The archive with its install.sh, on a machine with a systemd: from the first install to the purge. */
import { expect, type TestContext, test } from "vitest";
import { buildPackages, whyNoPackages } from "../support/packages.ts";
import type { SystemdContainer } from "../support/systemd/container.ts";
import { Footprint } from "../support/systemd/footprint.ts";
import { InstalledDaemon } from "../support/systemd/installed-daemon.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const patient = { timeout: 120_000 };
const prefix = "/opt/sails-supervisor";
const services = [
  { name: "a", command: ["sleep", "100000"] },
  { name: "b", command: ["sleep", "100000"] },
];

const shared = sharedContainer();
let preparing: Promise<Footprint> | undefined;

async function machine(ctx: Pick<TestContext, "skip">) {
  const why = whyNoPackages();
  if (why !== undefined) ctx.skip(why);
  const container = await shared(ctx);
  preparing ??= prepare(container);
  return { container, before: await preparing, daemon: InstalledDaemon.found(container) };
}

async function prepare(container: SystemdContainer): Promise<Footprint> {
  const output = container.path("/srv");
  for (const version of ["0.1.0", "0.2.0"]) {
    await buildPackages({ output, version, format: "archive" });
    const name = `sails-supervisor-${version}-linux-x64`;
    await container.ask(["tar", "-xf", `/srv/${name}.tar`, "-C", "/srv"]);
    await container.ask(["rm", `/srv/${name}.tar`]);
  }
  return Footprint.of(container);
}

const installer = (
  container: SystemdContainer,
  version: string,
  words: readonly string[] = [],
  place = prefix,
) =>
  container.run([`/srv/sails-supervisor-${version}-linux-x64/install.sh`, ...words], {
    env: { PREFIX: place },
  });

test("it installs below its prefix, and starts when somebody says so", patient, async (ctx) => {
  const { container, daemon } = await machine(ctx);
  expect((await installer(container, "0.1.0")).status).toBe(0);
  expect(await daemon.show("ActiveState")).toBe("inactive");
  await container.ask(["systemctl", "enable", "--now", "sails-supervisor"]);
  expect((await daemon.untilReady()).supervisor.version).toBe("0.1.0");
  expect(await container.ask(["journalctl", "--list-catalog"])).toContain(" sails-supervisor: ");
  expect(await container.ask(["sails-supervisor", "--version"])).toBe("0.1.0");
  const documents = (await daemon.show("Documentation")).split(" ").at(-1);
  expect(documents).toBe(`file:${prefix}/share/doc/sails-supervisor/docs/install.md`);
  await container.ask(["test", "-f", (documents ?? "").slice("file:".length)]);
});

test("it upgrades in place, and the configuration stays", patient, async (ctx) => {
  const { container, daemon } = await machine(ctx);
  await daemon.configure({ services });
  await daemon.order("reload");
  const before = await daemon.untilUnit("service@b", ({ ready }) => ready);
  const pid = await daemon.mainPid();
  const { stdout } = await installer(container, "0.2.0");
  expect(stdout).toContain("runs version 0.2.0 (before: 0.1.0); no unit was touched (2 ran)");
  expect(await daemon.mainPid()).toBe(pid);
  expect((await daemon.untilUnit("service@b", ({ ready }) => ready)).pid).toBe(before.pid);
});

test("where the disk is full nothing is changed", patient, async (ctx) => {
  const { container, daemon } = await machine(ctx);
  await container.ask(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", "/mnt"]);
  await container.ask(["cp", "-a", `${prefix}/.`, "/mnt"]);
  await container.ask(["mount", "--bind", "/mnt", prefix]);
  const paths = () => container.ask(["find", prefix]);
  const before = await paths();
  const { status, stderr } = await installer(container, "0.1.0");
  expect(status).toBe(1);
  expect(stderr).toContain(`it could not be copied to ${prefix}, and nothing was changed`);
  expect(await paths()).toBe(before);
  expect((await daemon.untilReady()).supervisor.version).toBe("0.2.0");
  expect(await container.ask(["sails-supervisor", "--version"])).toBe("0.2.0");
  await container.ask(["umount", "--lazy", prefix]);
  await container.ask(["umount", "--lazy", "/mnt"]);
});

test("uninstalled, it leaves configuration and data; purged, nothing", patient, async (ctx) => {
  const { container, daemon, before } = await machine(ctx);
  expect((await installer(container, "0.2.0", ["--uninstall"])).status).toBe(0);
  expect(await daemon.processes()).toEqual([]);
  const folders = ["/etc/sails-supervisor", "/var/lib/sails-supervisor"];
  const link = "/etc/systemd/system/multi-user.target.wants/sails-supervisor.service";
  const others = (await before.left()).filter(
    (path) => path !== link && !folders.some((folder) => path.startsWith(folder)),
  );
  expect(others).toEqual([]);
  const again = await installer(container, "0.2.0", ["--uninstall"]);
  expect(again.stderr).toContain(`nothing is installed below ${prefix}`);
  expect((await installer(container, "0.2.0", ["--uninstall", "--purge"])).status).toBe(0);
  expect(await before.left()).toEqual([]);
  expect((await installer(container, "0.2.0", [], "/usr/local")).status).toBe(0);
  expect(await container.ask(["sails-supervisor", "--version"])).toBe("0.2.0");
  const purged = await installer(container, "0.2.0", ["--uninstall", "--purge"], "/usr/local");
  expect(purged.status).toBe(0);
  expect(await before.left()).toEqual([]);
});
