import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { marked, Workplace } from "../support/daemon-process.ts";

const fixture = (name: string): string => join(import.meta.dirname, "../fixtures", name);

function services(mark: string, ...list: readonly object[]) {
  const env = { SAILS_TEST_MARK: mark };
  return { server: { enabled: false }, services: list.map((one) => ({ env, ...one })) };
}

const sleeper = (name: string) => ({ name, command: ["sleep", "100000"] });

describe("stop", () => {
  test("SIGTERM ends the daemon and all children, deaf and escaped ones among them", async () => {
    const mark = randomUUID();
    await using place = await Workplace.make(
      services(
        mark,
        sleeper("a"),
        {
          name: "deaf",
          command: ["sh", "-c", "trap '' TERM; while :; do sleep 1000; done"],
          stop_timeout: "300ms",
        },
        {
          name: "escapee",
          command: ["sh", "-c", "trap '' TERM; setsid -f sleep 100000; exec sleep 100000"],
          stop_timeout: "300ms",
        },
      ),
    );
    const daemon = place.start();
    await daemon.untilReady();
    expect(marked(mark).length).toBeGreaterThanOrEqual(4);
    expect(await daemon.end("SIGTERM")).toBe(0);
    expect(marked(mark)).toEqual([]);
  });

  test("at any moment of its first second", async () => {
    const mark = randomUUID();
    await using place = await Workplace.make(services(mark, sleeper("a"), sleeper("b")));
    for (let afterMs = 0; afterMs <= 1_000; afterMs += 125) {
      const daemon = place.start();
      await new Promise((done) => setTimeout(done, afterMs));
      const end = await daemon.end("SIGTERM");
      expect([0, "SIGTERM"], `after ${afterMs} ms`).toContain(end);
      expect(marked(mark), `after ${afterMs} ms`).toEqual([]);
    }
  });

  test("a second signal does not wait for the patience with a unit", async () => {
    const mark = randomUUID();
    const deaf = {
      name: "deaf",
      command: ["sh", "-c", "trap '' TERM INT; while :; do sleep 1000; done"],
      stop_timeout: "10m",
    };
    await using place = await Workplace.make(services(mark, deaf));
    const daemon = place.start();
    await daemon.untilReady();
    daemon.signal("SIGINT");
    await daemon.says("SIGINT received");
    expect(await daemon.end("SIGINT")).toBe(0);
    expect(marked(mark)).toEqual([]);
  });

  test("the first signal finds it in a back-off, with a breaker open, and while it waits", async () => {
    const mark = randomUUID();
    await using place = await Workplace.make(
      services(
        mark,
        { name: "dies", command: ["false"] },
        { name: "lost", command: ["/opt/nowhere"] },
        { ...sleeper("waits"), after: ["service@lost"] },
      ),
    );
    const daemon = place.start();
    await daemon.untilUnit("service@lost", ({ reasonCode }) => reasonCode === "breaker");
    expect(await daemon.end("SIGTERM")).toBe(0);
    expect(marked(mark)).toEqual([]);
  });
});

describe("after a death of the daemon", () => {
  test("a state file that is damaged is begun anew, and said", async () => {
    await using place = await Workplace.make(services("", sleeper("a")));
    await mkdir(place.stateDir);
    await writeFile(join(place.stateDir, "state.json"), '{"version": 1, "stopp');
    const daemon = place.start();
    await daemon.untilReady();
    expect(daemon.output).toContain("state.json is damaged");
  });
});

describe("what keeps it from starting", () => {
  test("a second one with the same state folder says who is there, and harms nothing", async () => {
    await using place = await Workplace.make(services("", sleeper("a")));
    const first = place.start();
    const before = await first.untilReady();
    const second = place.start();
    expect(await second.ended()).toBe(1);
    expect(second.output).toContain(`a daemon already runs with the state folder`);
    expect(second.output).toContain(`process ${first.pid}`);
    expect((await first.status()).units[0]?.pid).toBe(before.units[0]?.pid);
  });

  test("a configuration that is a folder", async () => {
    await using place = await Workplace.make({});
    await rm(place.configFile);
    await mkdir(place.configFile);
    const daemon = place.start();
    expect(await daemon.ended()).toBe(1);
    expect(daemon.output).toContain("config.yaml: ");
    expect(daemon.output).toMatch(/folder/);
    expect((await place.run("config", "check")).status).toBe(4);
  });

  test("a pool that is declared twice: both places, and the status of each command", async () => {
    await using place = await Workplace.make({});
    await writeFile(place.configFile, "pools:\n  - name: vm-runs\n  - name: vm-runs\n");
    const daemon = place.start();
    expect(await daemon.ended()).toBe(1);
    expect(daemon.output).toContain("config.yaml:3:");
    const checked = await place.run("config", "check");
    expect(checked.status).toBe(4);
    expect(checked.stdout + checked.stderr).toContain("config.yaml:3:");
  });

  test("a state folder that cannot be made", async () => {
    await using place = await Workplace.make({});
    const stateDir = join(place.configFile, "state");
    await place.configure({ state_dir: stateDir });
    const daemon = place.start();
    expect(await daemon.ended()).toBe(1);
    expect(daemon.output).toContain(`the state folder ${stateDir} cannot be used`);
  });
});

test("the page's port is taken: the units run all the same, and status says it", async () => {
  await using place = await Workplace.make(services("", sleeper("a")));
  const stranger = createServer().listen({
    host: "127.0.0.1",
    port: Number(new URL(place.webUrl).port),
  });
  await once(stranger, "listening");
  const daemon = place.start();
  await daemon.says("service@a: ready");
  const shown = await place.run("status", "--json");
  stranger.close();
  const status = JSON.parse(shown.stdout);
  expect(status.units[0]).toMatchObject({ name: "service@a", ready: true });
  expect(status.problems).toEqual([
    expect.objectContaining({
      id: "web",
      what: expect.stringContaining("another program listens"),
    }),
  ]);
});

test("systemd hears that it is ready, how the units are, its pulse, and its end", async (ctx) => {
  try {
    execFileSync("systemd-notify", ["--version"]);
  } catch {
    ctx.skip("systemd-notify is not on this machine");
  }
  await using place = await Workplace.make(services("", sleeper("a")));
  const socket = join(place.directory, "notify.sock");
  const receiver = spawn("python3", [fixture("notify-receiver.py"), socket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let heard = "";
  receiver.stdout.on("data", (chunk: Buffer) => (heard += chunk.toString()));
  await once(receiver.stdout, "data");
  const hears = async (words: string) => {
    while (!heard.includes(words)) {
      await once(receiver.stdout, "data");
    }
  };
  const daemon = place.start({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: "400000" });
  await hears("READY=1");
  await hears("STATUS=1 unit ready");
  await hears("WATCHDOG=1");
  daemon.signal("SIGHUP");
  await hears("RELOADING=1");
  expect(await daemon.end("SIGTERM")).toBe(0);
  await hears("STOPPING=1");
  receiver.kill();
});
