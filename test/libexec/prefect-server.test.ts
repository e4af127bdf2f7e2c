/** What `libexec/prefect-server` promises of a server that it starts, with a stand-in for Prefect. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { findFreePort } from "../../src/host/free-port.ts";
import { fixture, patience, TemporaryFolder } from "../host/real-launcher.ts";

const launcher = resolve("libexec/prefect-server");

class Started {
  readonly child: ChildProcess;
  output = "";

  constructor(host: string, port: number, env: Readonly<Record<string, string>> = {}) {
    const args = [launcher, "server", "start", "--host", host, "--port", String(port)];
    this.child = spawn("python3", args, {
      env: { ...process.env, PYTHONPATH: fixture("stand-in-prefect"), ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    }
    onTestFinished(() => void this.child.kill("SIGKILL"));
  }

  says(words: string): Promise<boolean> {
    return vi.waitUntil(() => this.output.includes(words), patience);
  }

  goesOn(): void {
    this.child.stdin?.write("\n");
  }
}

/** What is answered to one who asks now, however long that takes. */
async function ask(host: string, port: number): Promise<string> {
  const socket = connect(port, host);
  await once(socket, "connect");
  socket.write("are you there?\n");
  return text(socket);
}

test.each(["127.0.0.1", "0.0.0.0", "localhost", "::1"])(
  "on %s: who asks while it starts is answered when it has started",
  async (host) => {
    const port = await findFreePort();
    const started = new Started(host, port);
    await started.says(`starts prefect server start --host ${host} --port ${port}\n`);
    const near = host === "0.0.0.0" ? "127.0.0.1" : host;
    const early = [ask(near, port), ask(near, port)];
    started.goesOn();
    expect(await Promise.all(early)).toEqual(["are you there?\n", "are you there?\n"]);
    expect(started.output).toContain("serves what it was given");
  },
);

test("a port that is taken is told of in Prefect's own words", async () => {
  const stranger = createServer().listen({ host: "127.0.0.1", port: 0 });
  await once(stranger, "listening");
  onTestFinished(() => void stranger.close());
  const address = stranger.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const started = new Started("127.0.0.1", port);
  expect(await once(started.child, "close")).toEqual([1, null]);
  expect(started.output).toContain(`Port ${port} is already in use.`);
  expect(started.output).toMatch(/sails-supervisor: listens only when .*: \[Errno 98\]/);
});

test("a Prefect that serves in another way gets its port, later", async () => {
  const port = await findFreePort();
  const started = new Started("127.0.0.1", port, { NO_UVICORN: "1" });
  await started.says("starts");
  started.goesOn();
  await started.says("serves in another way");
  expect(await ask("127.0.0.1", port)).toBe("are you there?\n");
  expect(started.output).toContain("sails-supervisor: listens only when the server has started");
});

test("no garbage of SQLite's keeps the main thread from ending a turn to write", async (ctx) => {
  const collected = async (...aside: string[]): Promise<string> => {
    using folder = new TemporaryFolder();
    const args = [fixture("collect-while-busy.py"), launcher, folder.path, ...aside];
    return (await promisify(execFile)("python3", args)).stdout;
  };
  expect(await collected("aside")).toBe("begun\n");
  const { stdout: version } = await promisify(execFile)("python3", ["--version"]);
  if (!/ 3\.([89]|1[01])\./.test(version)) ctx.skip(`${version.trim()} has no such garbage`);
  expect(await collected()).toBe("database is locked\n");
});
