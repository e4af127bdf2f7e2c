import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { copyAndTruncate } from "../../src/host/copy-truncate.ts";
import { Escapees } from "../../src/host/escapees.ts";
import { ProcessLauncher } from "../../src/host/launcher.ts";
import { OutputFile } from "../../src/host/output-file.ts";
import { OutputFolder } from "../../src/host/output-folder.ts";
import { usualPace } from "../../src/host/output-pace.ts";
import { OutputRotation } from "../../src/host/output-rotation.ts";
import { ms } from "../../src/supervision/time.ts";
import { fixture, patience, TemporaryFolder } from "./real-launcher.ts";

const mebibyte = 1024 * 1024;
const read = (path: string): string => readFileSync(path, "latin1");

test("what is set aside is shifted, the oldest goes, and the beginning of too much is dropped", async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "unit.log");
  const limits = { maxBytes: 4, keep: 2 };
  for (const [text, beyond] of [
    ["1111", 0],
    ["22222222", 0],
    ["3333333333", 2],
  ] as const) {
    writeFileSync(path, text);
    expect(await copyAndTruncate(path, limits)).toBe(beyond);
  }
  expect(read(path)).toBe("");
  expect(readdirSync(folder.path).toSorted()).toEqual(["unit.log", "unit.log.1", "unit.log.2"]);
  expect([read(`${path}.1`), read(`${path}.2`)]).toEqual(["33333333", "22222222"]);
});

test("the last lines are found on both sides of a rotation, and never a predecessor's", async () => {
  using folder = new TemporaryFolder();
  const output = new OutputFile(join(folder.path, "unit.log"));
  appendFileSync(output.path, "predecessor\n");
  output.open()[Symbol.dispose]();
  appendFileSync(output.path, "one\ntw");
  output.rotated(await copyAndTruncate(output.path, { maxBytes: 100, keep: 2 }));
  appendFileSync(output.path, "o\nthree\n");
  expect(output.lastLines()).toEqual(["one", "two", "three"]);
  output.rotated(await copyAndTruncate(output.path, { maxBytes: 100, keep: 2 }));
  expect(output.lastLines()).toEqual(["o", "three"]);
  output.open()[Symbol.dispose]();
  expect(output.lastLines()).toEqual([]);
});

test("a file that is quiet is watched, and bounded once it grows again", async () => {
  using folder = new TemporaryFolder();
  const troubles: string[] = [];
  using rotation = new OutputRotation({
    limits: { maxBytes: 100, keep: 1 },
    // Nobody waits for a quiet minute here.
    pace: { ...usualPace, longestPause: ms(250), quietSpan: ms(500) },
    report: (trouble) => troubles.push(trouble),
  });
  const file = new OutputFolder(folder.path, rotation).of("worker@etl:2");
  file.open()[Symbol.dispose]();
  rotation.follow(file);
  await vi.waitFor(() => expect(rotation.resting).toBe(1), patience);
  for (const letter of ["a", "b", "c"]) {
    appendFileSync(file.path, letter.repeat(150));
    await vi.waitFor(() => expect(statSync(file.path).size).toBe(0), patience);
    expect(read(`${file.path}.1`)).toBe(letter.repeat(150));
    await vi.waitFor(() => expect(rotation.resting).toBe(1), patience);
  }
  // Removed by a person: forgotten until the next spawn makes it anew.
  rmSync(file.path);
  await vi.waitFor(() => expect(rotation.resting).toBe(0), patience);
  file.open()[Symbol.dispose]();
  rotation.follow(file);
  await vi.waitFor(() => expect(rotation.resting).toBe(1), patience);
  expect(troubles).toEqual([]);
});

test("one that nobody follows any more is bounded for the last time, and not looked at again", async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "unit.log");
  const troubles: string[] = [];
  const limits = { maxBytes: 100, keep: 1 };
  using rotation = new OutputRotation({ limits, report: (trouble) => troubles.push(trouble) });
  writeFileSync(path, "");
  rotation.follow({ path, rotated: () => undefined });
  await vi.waitFor(() => expect(rotation.resting).toBe(1), patience);
  appendFileSync(path, "a".repeat(150));
  await rotation.unfollow(path);
  expect([read(path), read(`${path}.1`)]).toEqual(["", "a".repeat(150)]);
  expect(rotation.resting).toBe(0);
  await rotation.unfollow(path);
  expect(troubles).toEqual([]);
});

test("a child that prints 100 MB/s is bounded on disk and in memory, and its newest lines are there", async () => {
  using folder = new TemporaryFolder();
  const limits = { maxBytes: 8 * mebibyte, keep: 3 };
  const troubles: string[] = [];
  using rotation = new OutputRotation({ limits, report: (trouble) => troubles.push(trouble) });
  const files = new OutputFolder(folder.path, rotation);
  const launcher = new ProcessLauncher({
    outputOf: (unit) => files.of(unit),
    escapees: new Escapees((trouble) => troubles.push(trouble)),
    cgroupOf: undefined,
  });
  const memoryBefore = process.memoryUsage().rss;
  const child = launcher.launch("chatty", {
    command: [process.execPath, fixture("chatty.mjs"), "300", "100"],
    env: {},
    directory: folder.path,
    killMode: "control-group",
  });
  let most = 0;
  const disk = (): number =>
    readdirSync(folder.path)
      .map((name) => statSync(join(folder.path, name), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, size) => sum + size, 0);
  const sampling = setInterval(() => {
    most = Math.max(most, disk());
  }, 10);
  const { exit, lastLines } = await child.ended;
  clearInterval(sampling);
  expect(exit).toEqual({ kind: "exited", code: 0 });
  // What is written in the microseconds between a copy and its truncation is lost, and a busy
  // machine can make them milliseconds: at this rate, thousands of lines, the last ones among them.
  expect(Number(lastLines.at(-1))).toBeGreaterThan(2_999_999 - 50_000);
  expect(lastLines).toHaveLength(20);
  // What is written between two looks of a busy machine comes on top; 300 MB have been written in all.
  expect(most).toBeLessThan((limits.keep + 2) * 2.25 * limits.maxBytes + 100 * mebibyte);
  expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(100 * mebibyte);
  await vi.waitFor(
    () => expect(disk()).toBeLessThan((limits.keep + 1) * 2.25 * limits.maxBytes),
    patience,
  );
  expect(troubles).toEqual([]);
});
