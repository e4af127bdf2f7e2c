import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
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
