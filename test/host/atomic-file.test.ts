import { execFileSync } from "node:child_process";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AtomicFile } from "../../src/host/atomic-file.ts";
import { TemporaryFolder } from "./real-launcher.ts";

test("reads back what was written last, and leaves nothing else", async () => {
  using folder = new TemporaryFolder();
  const file = new AtomicFile(join(folder.path, "state.json"));
  expect(await file.read()).toBeUndefined();
  await file.write("one");
  expect(await file.read()).toBe("one");
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  // Left by a crash.
  writeFileSync(`${file.path}.new`, "half of wh");
  await Promise.all(Array.from({ length: 20 }, (_, index) => file.write(`${index}`)));
  expect(await file.read()).toBe("19");
  expect(readdirSync(folder.path)).toEqual(["state.json"]);
});

test("a write that fails is told, and does not fail the next", async () => {
  using folder = new TemporaryFolder();
  const file = new AtomicFile(join(folder.path, "missing", "state.json"));
  await expect(file.write("one")).rejects.toMatchObject({ code: "ENOENT" });
  execFileSync("mkdir", [join(folder.path, "missing")]);
  await file.write("two");
  expect(await file.read()).toBe("two");
});

test("a full disk leaves what was there", async (ctx) => {
  using folder = new TemporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.path], {
      stdio: "ignore",
    });
  } catch {
    ctx.skip("may not mount a small file system");
  }
  try {
    const file = new AtomicFile(join(folder.path, "state.json"));
    await file.write("whole");
    await expect(file.write("x".repeat(200_000))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(await file.read()).toBe("whole");
    expect(readdirSync(folder.path)).toEqual(["state.json"]);
  } finally {
    execFileSync("umount", [folder.path]);
  }
});
