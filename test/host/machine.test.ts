import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { machine } from "../../src/host/machine.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "sails-machine-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

test("a folder that many look at together can be written to, and is left empty", async () => {
  const path = join(await folder(), "not", "there", "yet");
  const looks = Array.from({ length: 50 }, () => machine.whyNotWritable(path));
  expect(new Set(await Promise.all(looks))).toEqual(new Set([undefined]));
});

test("a file where the folder should be", async () => {
  const path = join(await folder(), "file");
  await writeFile(path, "");
  expect(await machine.whyNotWritable(path)).toBe(`${path} or a folder above it is a file`);
});

test("who has a port is named", async () => {
  const server = createServer().listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const why = await machine.portTrouble("127.0.0.1", port);
  expect(why).toMatch(new RegExp(`^port ${port} is taken by node.* \\(process ${process.pid}, `));
  server.close();
  await once(server, "close");
  expect(await machine.portTrouble("127.0.0.1", port)).toBeUndefined();
  expect(await machine.portTrouble("203.0.113.1", port)).toBe(
    "this machine has no address 203.0.113.1",
  );
});

test("what cannot be executed", async () => {
  const path = join(await folder(), "program");
  expect(await machine.isExecutable(path)).toBe(false);
  await writeFile(path, "");
  await chmod(path, 0o600);
  expect(await machine.isExecutable(path)).toBe(false);
  await chmod(path, 0o700);
  expect(await machine.isExecutable(path)).toBe(true);
});

describe("a worker's own health server", () => {
  async function answering(status: number): Promise<string> {
    const server = createHttpServer((_, response) => void response.writeHead(status).end("x"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    onTestFinished(() => void server.close());
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/health`;
  }
  const { signal } = new AbortController();

  test.each([
    [200, "ok"],
    [503, "unresponsive"],
    [404, "silent"],
  ])("that answers %d", async (status, expected) => {
    expect(await machine.healthOf(await answering(status), 5_000, signal)).toBe(expected);
  });

  test("that is not there, or accepts and says nothing", async () => {
    expect(await machine.healthOf("http://127.0.0.1:9/health", 5_000, signal)).toBe("silent");
    const deaf = createServer(() => undefined);
    await new Promise<void>((done) => deaf.listen(0, "127.0.0.1", done));
    onTestFinished(() => void deaf.close());
    const address = deaf.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/health`;
    expect(await machine.healthOf(url, 100, signal)).toBe("silent");
  });
});

test("a process that a signal has stopped", async () => {
  const child = spawn("sleep", ["1000"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((done) => child.once("spawn", done));
  const pid = child.pid ?? 0;
  expect(machine.isStopped(pid)).toBe(false);
  child.kill("SIGSTOP");
  while (!machine.isStopped(pid)) await new Promise((done) => setTimeout(done, 5));
  child.kill("SIGCONT");
  while (machine.isStopped(pid)) await new Promise((done) => setTimeout(done, 5));
});

test("the size of a file, and of one that is not there", async () => {
  expect(await machine.bytesOf("/proc/self/no-such-file")).toBeUndefined();
  expect(await machine.bytesOf("package.json")).toBeUndefined();
  expect(await machine.bytesOf(resolve("package.json"))).toBeGreaterThan(100);
});
