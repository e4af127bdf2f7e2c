import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter, longestLine } from "../../src/cli/line-splitter.ts";

function split(chunks: readonly Buffer[]): readonly string[] {
  const splitter = new LineSplitter();
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.flush()];
}

test.each([
  ["", []],
  ["\n", [""]],
  ["one\ntwo\n", ["one", "two"]],
  ["one\n\ntwo", ["one", "", "two"]],
  ["dos\r\nunix\n", ["dos", "unix"]],
  ["観測\n🔭", ["観測", "🔭"]],
])("%o", (text, lines) => {
  expect(split([Buffer.from(text)])).toEqual(lines);
});

test("how the bytes come makes no difference", () => {
  const texts = fc.array(
    fc.string({ unit: "binary", maxLength: 20 }).filter((one) => !/[\r\n]/.test(one)),
  );
  fc.assert(
    fc.property(texts, fc.array(fc.nat(50)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const at = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted(
        (one, other) => one - other,
      );
      const chunks = at.map((end, i) => bytes.subarray(at[i - 1] ?? 0, end));
      expect(split(chunks)).toEqual(split([bytes]));
    }),
  );
});

test("what is no UTF-8 does not end it", () => {
  const bytes = Buffer.concat([Buffer.from([0xff, 0xfe, 0x41]), Buffer.from("\nnext\n")]);
  expect(split([bytes])).toEqual(["\ufffd\ufffdA", "next"]);
});

test("a line without end is cut, takes no more memory, and does not hide the next", () => {
  const chunk = Buffer.alloc(64 * 1024, "x");
  const lines = split([...Array.from({ length: 100 }, () => chunk), Buffer.from("\nnext\n")]);
  expect(lines.map((line) => line.length)).toEqual([longestLine + 1, 4]);
  expect(lines[0]?.endsWith("x…")).toBe(true);
});

test.each([0, 1, 2, 3])("the cut is not within a letter, %i bytes before it", (offset) => {
  const [line = ""] = split([Buffer.from(`${"x".repeat(longestLine - offset)}🔭🔭\n`)]);
  expect(line).not.toContain("\ufffd");
  expect(line).toMatch(/x…$/);
});

test("exactly the longest line is whole", () => {
  expect(split([Buffer.from(`${"x".repeat(longestLine)}\n`)])).toEqual(["x".repeat(longestLine)]);
});
