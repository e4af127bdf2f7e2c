import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, type TestContext, test, vi } from "vitest";
import { SystemdNotifier } from "../../src/host/notifier.ts";
import { fixture, patience, TemporaryFolder } from "./real-launcher.ts";

class Receiver implements AsyncDisposable {
  readonly messages: string[] = [];
  readonly troubles: string[] = [];
  readonly folder = new TemporaryFolder();
  readonly socket = join(this.folder.path, "notify");
  readonly notifier = new SystemdNotifier(
    { NOTIFY_SOCKET: this.socket, PATH: process.env["PATH"] },
    (trouble) => this.troubles.push(trouble),
  );
  readonly #process;
  readonly #lines;

  constructor(delaySeconds = 0) {
    this.#process = spawn(
      "python3",
      [fixture("notify-receiver.py"), this.socket, String(delaySeconds)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    this.#lines = createInterface(this.#process.stdout);
    this.#lines.on("line", (line) => this.messages.push(String(JSON.parse(line)).trim()));
  }

  async ready(): Promise<void> {
    await once(this.#lines, "line");
    this.messages.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
    this.folder[Symbol.dispose]();
  }
}

function needs(ctx: TestContext, ...programs: readonly string[]): void {
  for (const program of programs) {
    if (spawnSync(program, ["--version"]).status !== 0) ctx.skip(`${program} is not installed`);
  }
}

test("systemd hears of every state, in order", async (ctx) => {
  needs(ctx, "systemd-notify", "python3");
  await using receiver = new Receiver();
  await receiver.ready();
  const { messages, notifier, troubles } = receiver;
  const count = (expected: number): Promise<void> =>
    vi.waitFor(() => expect(messages).toHaveLength(expected), patience);
  notifier.ready("3 units\nready");
  await count(1);
  notifier.status("a = b; ünïcode");
  await count(2);
  notifier.watchdog();
  await count(3);
  notifier.reloading();
  await count(4);
  notifier.ready("again");
  await count(5);
  notifier.stopping(90_000.5);
  await notifier.delivered();
  await count(6);
  expect(messages).toEqual([
    "READY=1\nSTATUS=3 units ready",
    "STATUS=a = b; ünïcode",
    "WATCHDOG=1",
    expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+$/),
    "READY=1\nSTATUS=again",
    "STOPPING=1\nEXTEND_TIMEOUT_USEC=90000500",
  ]);
  expect(troubles).toEqual([]);
});

test("what has been overtaken is not sent, and a state never is", async (ctx) => {
  needs(ctx, "systemd-notify", "python3");
  await using receiver = new Receiver(0.05);
  await receiver.ready();
  const { messages, notifier } = receiver;
  for (let index = 0; index < 100; index += 1) notifier.status(`status ${index}`);
  notifier.watchdog();
  notifier.ready("done");
  for (let index = 0; index < 100; index += 1) notifier.status(`ready ${index}`);
  await notifier.delivered();
  await vi.waitFor(() => expect(messages).toHaveLength(3), patience);
  expect(messages).toEqual([
    "STATUS=status 0",
    "STATUS=status 99\nWATCHDOG=1",
    "READY=1\nSTATUS=ready 99",
  ]);
});

test("without systemd nothing is sent", async () => {
  const notifier = new SystemdNotifier({ NOTIFY_SOCKET: undefined }, () => expect.unreachable());
  notifier.ready("x");
  notifier.status("x");
  await notifier.delivered();
});

test.each([
  [{ NOTIFY_SOCKET: "/proc/nowhere/notify", PATH: process.env["PATH"] }],
  [{ NOTIFY_SOCKET: "/proc/nowhere/notify", PATH: "/proc/nowhere" }],
])("what cannot be delivered is said and harms nobody: %j", async (environment) => {
  const troubles: string[] = [];
  const notifier = new SystemdNotifier(environment, (trouble) => troubles.push(trouble));
  notifier.ready("x");
  await notifier.delivered();
  expect(troubles).toEqual([expect.stringMatching(/^systemd cannot be told: /)]);
});
