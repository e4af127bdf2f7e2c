import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRemoteFile, sumRemoteFiles } from "../../src/host/remote-file.ts";
import { TemporaryFolder } from "./real-launcher.ts";

test("a file is read, whatever it is called and holds", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "-n $(x) 'ä'");
  const text = `${"ü\n".repeat(100_000)}end`;
  writeFileSync(file, text);
  expect(await readRemoteFile(file)).toEqual({ kind: "text", text });
});

test.each([
  ["/nowhere/at/all", "No such file or directory"],
  ["/proc", "Is a directory"],
])("%s: %s", async (file, why) => {
  expect(await readRemoteFile(file)).toEqual({ kind: "failed", why });
});

test("many files have their sums, those that are not there have none", async () => {
  using folder = new TemporaryFolder();
  const files = ["a\\b", "c\nd", "ä"].map((name) => join(folder.path, name));
  for (const [index, file] of files.entries()) writeFileSync(file, index < 2 ? "one" : "two");
  const asked = [...files, join(folder.path, "gone")];
  const [known, again] = await Promise.all([sumRemoteFiles(asked), sumRemoteFiles(files)]);
  if (known.kind === "failed") throw new Error(known.why);
  expect([...known.sums.keys()]).toEqual(files);
  const [first, second, third] = files.map((file) => known.sums.get(file));
  expect([first === second, first === third]).toEqual([true, false]);
  expect(again).toEqual(known);
});

test("one that does not answer is asked once at a time", async () => {
  using folder = new TemporaryFolder();
  const fifo = join(folder.path, "fifo");
  execFileSync("mkfifo", [fifo]);
  const [first, second] = [readRemoteFile(fifo), readRemoteFile(fifo)];
  expect(second).toBe(first);
  await writeFile(fifo, "at last");
  expect(await first).toEqual({ kind: "text", text: "at last" });
  const again = readRemoteFile(fifo);
  await writeFile(fifo, "once more");
  expect(await again).toEqual({ kind: "text", text: "once more" });
});
