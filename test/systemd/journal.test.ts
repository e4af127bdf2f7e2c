/** What children print under a real systemd: in the journal, whatever becomes of the daemon and of journald. */
import { readFile } from "node:fs/promises";
import { expect, type TestContext, test } from "vitest";
import { eventIds } from "../../src/daemon/events.ts";
import type { Entry } from "../support/systemd/container.ts";
import { InstalledDaemon, unit } from "../support/systemd/installed-daemon.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const shared = sharedContainer();

/** Counts from 1 to the number, line by line, and is then quiet. */
const counter = (lines: number, pauseSeconds = 0): string => `
import sys, time
for i in range(1, ${lines + 1}):
    print(f"{i:07}".ljust(99, "x"), flush=${pauseSeconds > 0 ? "True" : "False"})
    time.sleep(${pauseSeconds})
sys.stdout.flush()
time.sleep(100000)
`;

const service = (name: string, script: string) => ({
  name,
  command: ["/usr/bin/python3", "-c", script],
});

const numbers = (entries: readonly Entry[]): readonly number[] =>
  entries.map(({ message }) => Number(message.slice(0, 7)));

const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, i) => i + 1);

test("a unit prints into the journal under its own name, process and level", async (ctx) => {
  const script = `
import os, time
os.write(1, b"plain\\n<4>odd\\n")
os.write(2, b"<3>bad\\nbytes \\xff\\n")
stat = os.fstat(2)
print(f"{os.environ['JOURNAL_STREAM']} {stat.st_dev}:{stat.st_ino}", flush=True)
time.sleep(100000)
`;
  const services = [service("talker", script)];
  await using daemon = await InstalledDaemon.install(await shared(ctx), { config: { services } });
  await daemon.order("start");
  const { pid, log } = await daemon.untilUnit("service@talker", ({ ready }) => ready);
  expect(log).toBe("journalctl -t service@talker");
  const said = await daemon.container.until("all is said", async () => {
    const entries = await daemon.journal("-t", "service@talker");
    return entries.length === 5 ? entries : undefined;
  });
  expect(said.map(({ message, priority }) => [priority, message])).toEqual([
    [6, "plain"],
    [4, "odd"],
    [3, "bad"],
    [6, "bytes \uFFFD"],
    [6, expect.stringMatching(/^(\d+:\d+) \1$/)],
  ]);
  expect(said[0]?.pid).toBe(pid);
  expect(said[0]?.unit).toBe("sails-supervisor.service");
});

test("no line is lost while the daemon is killed, restarted and replaced", async (ctx) => {
  const services = [service("counter", counter(400, 0.01))];
  await using daemon = await InstalledDaemon.install(await shared(ctx), { config: { services } });
  await daemon.order("start");
  await daemon.untilReady();
  const first = await daemon.mainPid();
  await daemon.signal("KILL");
  await daemon.anotherOne(first);
  await daemon.untilReady();
  await daemon.order("restart");
  await daemon.untilReady();
  expect((await daemon.run("reexec")).status).toBe(0);
  await daemon.container.ask(["systemctl", "restart", "systemd-journald"]);
  const { log } = await daemon.untilUnit("service@counter", ({ ready }) => ready);
  expect(log).toBe("journalctl -t service@counter");
  const said = await daemon.container.until("it has counted to its end", async () => {
    const entries = await daemon.journal("-t", "service@counter");
    return entries.length >= 400 ? entries : undefined;
  });
  expect(numbers(said)).toEqual(upTo(400));
  expect(new Set(said.map(({ pid }) => pid)).size).toBe(1);
});

test("why it died is read from the journal", async (ctx) => {
  const services = [service("dying", "raise ValueError('no such telescope')")];
  await using daemon = await InstalledDaemon.install(await shared(ctx), { config: { services } });
  await daemon.order("start");
  const said = /exited with status 1 after .*: ValueError: no such telescope/;
  const { state } = await daemon.untilUnit("service@dying", ({ reason }) => said.test(reason));
  expect(state).toBe("backoff");
});

const lines = 500_000;

/** Two of them, each of which begins when its file is there. */
async function withFloods(ctx: Pick<TestContext, "skip">) {
  const container = await shared(ctx);
  await container.write(
    "/etc/systemd/journald.conf.d/room.conf",
    "[Journal]\nSystemMaxUse=2G\nRuntimeMaxUse=2G\nSystemKeepFree=100M\n",
  );
  await container.ask(["systemctl", "restart", "systemd-journald"]);
  const waits = (start: string): string => `
import os, time
while not os.path.exists("${start}"): time.sleep(0.02)
`;
  const services = ["one", "two"].map((name) =>
    service(name, waits(`/tmp/begin-${name}`) + counter(lines)),
  );
  const daemon = await InstalledDaemon.install(container, { config: { services } });
  await daemon.order("start");
  await daemon.untilReady();
  const ask = (words: string): Promise<string> => container.ask(["sh", "-c", words]);
  const journal = (name: string): string => `journalctl -q -o cat -t service@${name}`;
  return {
    daemon,
    begin: (name: string) => container.write(`/tmp/begin-${name}`, ""),
    /** Resolves when so many are there. */
    until: (name: string, least: number) =>
      container.until(
        `${least} lines are there`,
        async () =>
          (await ask(`${journal(name)} -n 1 | cut -c1-7`)) >= pad(least) ? true : undefined,
        180_000,
      ),
    count: async (name: string) => [
      Number(await ask(`${journal(name)} | wc -l`)),
      Number(await ask(`${journal(name)} | cut -c1-7 | sort -u | wc -l`)),
    ],
  };
}

const pad = (count: number): string => String(count).padStart(7, "0");

test("500,000 lines of one child are all there, cost the daemon nothing, and outlive it", {
  timeout: 240_000,
}, async (ctx) => {
  const { daemon, begin, until, count } = await withFloods(ctx);
  await using _installed = daemon;
  const before = await ticksOf(daemon);
  await begin("one");
  await until("one", lines);
  // Of 10 ms each.
  expect((await ticksOf(daemon)) - before).toBeLessThanOrEqual(5);
  expect(await count("one")).toEqual([lines, lines]);

  await begin("two");
  await until("two", lines / 10);
  const first = await daemon.mainPid();
  await daemon.signal("KILL");
  await daemon.anotherOne(first);
  await until("two", lines);
  expect(await count("two")).toEqual([lines, lines]);
  const said = await daemon.container.journal("-u", "systemd-journald");
  expect(said.filter(({ message }) => /Suppressed/.test(message))).toEqual([]);
});

/** CPU of the daemon, in ticks: user and system. */
async function ticksOf(daemon: InstalledDaemon): Promise<number> {
  const pid = await daemon.mainPid();
  const stat = await readFile(daemon.container.path(`/proc/${pid}/stat`), "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

test("the daemon's events have an id, fields and an explanation", async (ctx) => {
  const container = await shared(ctx);
  const catalogue = "/usr/lib/systemd/catalog/sails-supervisor.catalog";
  await container.write(catalogue, await readFile("systemd/sails-supervisor.catalog", "utf8"));
  await container.ask(["journalctl", "--update-catalog"]);
  const services = [service("dying", "raise ValueError('no such telescope')")];
  await using daemon = await InstalledDaemon.install(container, { config: { services } });
  await daemon.order("start");
  const died = await container.until("it is told", async () =>
    (await daemon.journal(`MESSAGE_ID=${eventIds["unit-died"]}`)).at(0),
  );
  expect(died).toMatchObject({ identifier: "sails-supervisor", priority: 4, unit });
  expect(died.message).toMatch(/^service@dying: exited with status 1 .*: ValueError: /);
  expect(died.fields).toMatchObject({
    SAILS_EVENT: "unit-died",
    SAILS_OF: "service@dying",
    SAILS_REASON: expect.stringContaining("no such telescope"),
    SYSLOG_PID: String(await daemon.mainPid()),
  });
  const explained = await container.ask([
    ...["journalctl", "-q", "-x", "-n", "1", `MESSAGE_ID=${eventIds["unit-died"]}`],
  ]);
  expect(explained).toContain("Subject: Unit service@dying has ended unexpectedly");
  expect(explained).toContain("sails-supervisor logs service@dying -n 100");

  await daemon.configure({ services, pools: "none" });
  await daemon.run("reload");
  const refused = await container.until("it is told", async () =>
    (await daemon.journal(`MESSAGE_ID=${eventIds["config-refused"]}`)).at(0),
  );
  expect(refused.fields["SAILS_REASON"]).toContain("/etc/sails-supervisor/config.yaml:");

  // What it says last is there, and nothing that it needed for that is left.
  await daemon.order("stop");
  expect((await daemon.journal("-t", "sails-supervisor")).at(-1)?.message).toBe("stopped");
  expect(await daemon.processes()).toEqual([]);
});
