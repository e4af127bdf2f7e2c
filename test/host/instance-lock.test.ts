import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { lockInstance } from "../../src/host/instance-lock.ts";
import { signalProcess } from "../../src/host/signals.ts";
import { fixture, TemporaryFolder } from "./real-launcher.ts";

/** Says `KIND CHILD` once it has tried. */
async function startHolder(folder: string): Promise<{ holder: ChildProcess; said: string[] }> {
  const holder = spawn(process.execPath, [fixture("hold-lock.ts"), folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: unknown[] = await once(createInterface(holder.stdout), "line");
  return { holder, said: String(said[0]).split(" ") };
}

test("a folder has one holder, whom a symbolic link does not deceive", async () => {
  using folder = new TemporaryFolder();
  using other = new TemporaryFolder();
  const first = await lockInstance(folder.path);
  expect(first.kind).toBe("locked");
  const link = join(other.path, "link");
  symlinkSync(folder.path, link);
  expect(await lockInstance(link)).toEqual({ kind: "taken", pid: process.pid });
  const elsewhere = await lockInstance(other.path);
  expect(elsewhere.kind).toBe("locked");
  for (const held of [first, elsewhere]) if (held.kind === "locked") held.lock[Symbol.dispose]();
  const again = await lockInstance(folder.path);
  expect(again.kind).toBe("locked");
  if (again.kind === "locked") again.lock[Symbol.dispose]();
});

test("kill -9 of the holder frees it, although its child lives", async () => {
  using folder = new TemporaryFolder();
  const { holder, said } = await startHolder(folder.path);
  expect(said[0]).toBe("locked");
  expect(await lockInstance(folder.path)).toEqual({ kind: "taken", pid: holder.pid });
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const next = await lockInstance(folder.path);
  expect(signalProcess(Number(said[1]), "SIGKILL")).toBe("sent");
  expect(next.kind).toBe("locked");
  if (next.kind === "locked") next.lock[Symbol.dispose]();
});
