import { expect, test } from "vitest";
import { InstalledDaemon } from "../support/systemd/installed-daemon.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const shared = sharedContainer();

const sleeper = (name: string) => ({ name, command: ["sleep", "100000"] });

test("start returns when it is ready; status says how the units are, and draws them", async (ctx) => {
  const container = await shared(ctx);
  await using daemon = await InstalledDaemon.install(container, {
    config: { services: [sleeper("a"), sleeper("b")] },
  });
  await daemon.order("start");
  // Whoever waited for the unit can use the socket at once.
  expect(await daemon.status()).toBeDefined();
  await daemon.untilReady();
  const shown = await container.until("the status is told", async () => {
    const { stdout } = await daemon.systemctl("status", "--no-pager", "--full");
    return stdout.includes("All 2 units ready") ? stdout : undefined;
  });
  expect(shown).toMatch(/Active: active \(running\)/);
  expect(shown).toMatch(/Status: "All 2 units ready"/);
  await container.until("the journal has how it is stopped", async () => {
    const said = (await daemon.journal()).map(({ message }) => message);
    return said.find((line) => /^ {2}Stop +systemctl stop sails-supervisor/.test(line));
  });
  for (const cgroup of ["supervisor", "service@a", "service@b"]) {
    expect(shown).toMatch(new RegExp(`[├└]─${cgroup}\\n`));
  }
});

test("all of it runs as the unit's user", async (ctx) => {
  const container = await shared(ctx);
  await using daemon = await InstalledDaemon.install(container, {
    config: { services: [sleeper("a")] },
  });
  await daemon.order("start");
  await daemon.untilReady();
  const pids = (await daemon.processes()).join(",");
  expect(await container.ask(["ps", "-o", "user=,args=", "-p", pids])).toMatch(
    /^(sails .*\n)+sails .*$/,
  );
});

test("reload reads the configuration again, and one with a fault changes nothing", async (ctx) => {
  const container = await shared(ctx);
  await using daemon = await InstalledDaemon.install(container, {
    config: { services: [sleeper("a")] },
  });
  await daemon.order("start");
  const before = await daemon.untilUnit("service@a", ({ ready }) => ready);
  await daemon.configure({ services: [sleeper("a"), sleeper("b")] });
  await daemon.order("reload");
  await daemon.untilUnit("service@b", ({ ready }) => ready);
  await daemon.configure({ services: "none" });
  await daemon.order("reload");
  await container.until("it says so", async () =>
    (await daemon.journal("-p", "err")).some(({ message }) => /nothing was reloaded/.test(message))
      ? true
      : undefined,
  );
  await container.until("it is active again", async () =>
    (await daemon.show("ActiveState")) === "active" ? true : undefined,
  );
  expect((await daemon.untilUnit("service@a", ({ ready }) => ready)).pid).toBe(before.pid);
});

test("memory that runs out for one process stops no other", async (ctx) => {
  await using daemon = await InstalledDaemon.install(await shared(ctx));
  expect(await daemon.show("OOMPolicy")).toBe("continue");
});

test("an installation that cannot start is tried again, and its fault stands in the journal", async (ctx) => {
  const container = await shared(ctx);
  await using daemon = await InstalledDaemon.install(container, { config: { services: "none" } });
  await daemon.systemctl("start", "--no-block");
  await container.until("it is tried again", async () =>
    Number(await daemon.show("NRestarts")) >= 1 ? true : undefined,
  );
  expect((await daemon.journal("-p", "err")).map(({ message }) => message)).toContainEqual(
    expect.stringContaining("/etc/sails-supervisor/config.yaml:3:"),
  );
  await daemon.configure({ services: [sleeper("a")] });
  await daemon.untilReady();
});
