import { appendFileSync, copyFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LogTail } from "../../src/cli/log-tail.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";

const numbers = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}\n`).join("");

const linesOf = (text: string): readonly string[] => text.split("\n").slice(0, -1);

const read = (tail: LogTail): Promise<readonly string[]> => Array.fromAsync(tail.read());

/** As the daemon does it. */
function rotate(path: string): void {
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
}

describe("the last lines", () => {
  test.each([
    ["of an empty file", "", 5, ""],
    ["none", numbers(1, 5), 0, ""],
    ["some", numbers(1, 9), 3, numbers(7, 9)],
    ["exactly all", numbers(1, 3), 3, numbers(1, 3)],
    ["more than there are", numbers(1, 3), 50, numbers(1, 3)],
    ["empty ones count", "a\n\n\nb\n", 3, "\n\nb\n"],
    ["across many chunks", numbers(1, 50_000), 40_000, numbers(10_001, 50_000)],
    ["one that is longer than a chunk", `a\n${"x".repeat(200_000)}\nb\n`, 1, "b\n"],
  ])("%s", async (_, content, count, expected) => {
    const path = join(temporaryFolder(), "unit.log");
    writeFileSync(path, content);
    const tail = new LogTail(path);
    await tail.seekLast(count);
    expect(await read(tail)).toEqual(linesOf(expected));
  });

  test("a break at the edge of a chunk is one line, whichever side it is on", async () => {
    const path = join(temporaryFolder(), "unit.log");
    for (const length of [65_534, 65_535, 65_536, 65_537]) {
      writeFileSync(path, `first\n${"x".repeat(length - 1)}\n`);
      const tail = new LogTail(path);
      await tail.seekLast(1);
      expect(await read(tail)).toHaveLength(1);
    }
  });

  test("go on in the predecessor, where the break may be within a line", async () => {
    const path = join(temporaryFolder(), "unit.log");
    writeFileSync(`${path}.1`, `${numbers(1, 3)}line`);
    writeFileSync(path, ` 4\n${numbers(5, 6)}`);
    const tail = new LogTail(path);
    // The line with the break in it counts twice.
    await tail.seekLast(5);
    expect(await read(tail)).toEqual(linesOf(numbers(3, 6)));
  });

  test("of a file that is not there, until it is", async () => {
    const path = join(temporaryFolder(), "unit.log");
    const tail = new LogTail(path);
    await tail.seekLast(5);
    expect(await read(tail)).toEqual([]);
    writeFileSync(path, numbers(1, 2));
    expect(await read(tail)).toEqual(linesOf(numbers(1, 2)));
  });
});

describe("what comes", () => {
  async function following(content: string) {
    const path = join(temporaryFolder(), "unit.log");
    writeFileSync(path, content);
    const tail = new LogTail(path);
    await tail.seekLast(0);
    return { path, tail };
  }

  test("is read once, and a line when it is whole", async () => {
    const { path, tail } = await following("before\n");
    appendFileSync(path, "one\ntw");
    expect(await read(tail)).toEqual(["one"]);
    expect(await read(tail)).toEqual([]);
    appendFileSync(path, "o\n");
    expect(await read(tail)).toEqual(["two"]);
    appendFileSync(path, "rest");
    expect(await read(tail)).toEqual([]);
    expect([...tail.rest()]).toEqual(["rest"]);
  });

  test("is not lost when the file is rotated in between", async () => {
    const { path, tail } = await following(numbers(1, 10));
    appendFileSync(path, numbers(11, 12));
    expect(await read(tail)).toEqual(linesOf(numbers(11, 12)));
    appendFileSync(path, `${numbers(13, 14)}line`);
    rotate(path);
    appendFileSync(path, ` 15\n${numbers(16, 17)}`);
    expect(await read(tail)).toEqual(linesOf(numbers(13, 17)));
    rotate(path);
    expect(await read(tail)).toEqual([]);
    appendFileSync(path, numbers(18, 18));
    expect(await read(tail)).toEqual(["line 18"]);
  });

  test("goes on after a truncation that kept nothing, without the predecessor of before", async () => {
    const path = join(temporaryFolder(), "unit.log");
    writeFileSync(`${path}.1`, "old ".repeat(100));
    writeFileSync(path, numbers(1, 10));
    const tail = new LogTail(path);
    await tail.seekLast(0);
    truncateSync(path, 0);
    appendFileSync(path, "new\n");
    expect(await read(tail)).toEqual(["new"]);
  });
});
