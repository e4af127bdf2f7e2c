import { describe, expect, test } from "vitest";
import { oneLine, padEnd, textWidth, wrap } from "../../src/cli/text-width.ts";

test.each([
  ["", 0],
  ["worker@vm", 9],
  ["naïve", 5],
  ["nai\u0308ve", 5],
  ["観測", 4],
  ["🔭", 2],
  ["Ｗ", 2],
  ["한국", 4],
])("%o takes %i columns", (text, width) => {
  expect(textWidth(text)).toBe(width);
  expect(textWidth(padEnd(text, 12))).toBe(12);
});

test.each([
  ["a\tb\n\n c ", "a b c"],
  ["\u001b[31mred\u001b[0m", "red"],
  ["\u001b]0;title\u0007x", "x"],
  ["back\bspace\u0000", "back\ufffdspace\ufffd"],
  ["user\u202egpj.exe", "user\ufffdgpj.exe"],
])("%o is shown as %o", (text, shown) => {
  expect(oneLine(text)).toBe(shown);
});

describe("wrapping", () => {
  test.each([
    ["", 10, []],
    ["short", 10, ["short"]],
    ["exactly 10", 10, ["exactly 10"]],
    ["one two three four", 9, ["one two", "three", "four"]],
    ["/a/very/long/path x", 6, ["/a/ver", "y/long", "/path", "x"]],
    ["観測観測 x", 4, ["観測", "観測", "x"]],
  ])("%o in %i columns", (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});
