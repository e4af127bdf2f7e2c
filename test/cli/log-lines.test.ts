import { describe, expect, test } from "vitest";
import { LineReader } from "../../src/cli/line-reader.ts";
import { isWanted, levelOfPriority } from "../../src/cli/log-line.ts";
import { parseLogTime } from "../../src/cli/log-time.ts";

const levelsOf = (text: string): readonly (readonly [string, string])[] => {
  const reader = new LineReader("server");
  return text.split("\n").map((line) => [reader.read(line).level, line]);
};

test("a line has the level of its record, and so has what follows it", () => {
  const text = `first words
10:00:00.000 | WARNING | prefect - two
lines
2026-11-25 10:00:01.500 | INFO    | prefect.worker - on
10:00:02.000 | ERROR   | prefect - why
Traceback (most recent call last):
  File "x", line 1
ValueError: no
10:00:03.000 | DEBUG   | prefect - d
Traceback (most recent call last):
  File "x", line 1

KeyError: 'k'
printed
INFO:     Application startup complete.
CRITICAL: bad`;
  expect(levelsOf(text).map(([level]) => level)).toEqual([
    ...["info", "warning", "warning", "info", "error", "error", "error", "error"],
    ...["debug", "error", "error", "error", "error", "debug", "info", "critical"],
  ]);
});

test("a time counts for the lines after it, and one without a date for none", () => {
  const reader = new LineReader("server");
  expect(reader.read("10:00:00.000 | INFO    | prefect - x").at).toBeUndefined();
  const at = new Date("2026-11-25T10:00:01.500");
  expect(reader.read("2026-11-25 10:00:01.500 | INFO    | prefect - x").at).toEqual(at);
  expect(reader.read("printed").at).toEqual(at);
});

test("what is wanted is as bad, and in time", () => {
  const at = new Date("2026-11-25T10:00:00Z");
  const line = { unit: "server", line: "x", at, level: "warning" } as const;
  const all = { level: undefined, since: undefined, until: undefined };
  const later = new Date(at.getTime() + 1);
  expect(isWanted(all, line)).toBe(true);
  expect(isWanted({ ...all, level: "warning" }, line)).toBe(true);
  expect(isWanted({ ...all, level: "error" }, line)).toBe(false);
  expect(isWanted({ ...all, since: later }, line)).toBe(false);
  expect(isWanted({ ...all, since: later }, { ...line, at: undefined })).toBe(true);
  expect(isWanted({ ...all, until: at }, line)).toBe(true);
  expect(isWanted({ ...all, until: at }, { ...line, at: later })).toBe(false);
});

test.each([
  [0, "critical"],
  [3, "error"],
  [4, "warning"],
  [5, "notice"],
  [6, "info"],
  [7, "debug"],
])("priority %i is %s", (priority, level) => {
  expect(levelOfPriority(priority)).toBe(level);
});

describe("times", () => {
  const now = new Date(2026, 10, 25, 15, 30);
  test.each([
    ["10m", new Date(2026, 10, 25, 15, 20)],
    ["-2h", new Date(2026, 10, 25, 13, 30)],
    ["now", now],
    ["today", new Date(2026, 10, 25)],
    ["yesterday", new Date(2026, 10, 24)],
    ["14:05", new Date(2026, 10, 25, 14, 5)],
    ["2026-11-01", new Date(2026, 10, 1)],
    ["2026-11-01 08:09:10", new Date(2026, 10, 1, 8, 9, 10)],
    ["2026-11-01T08:09Z", new Date(Date.UTC(2026, 10, 1, 8, 9))],
    ["2026-11-01T08:09+01:00", new Date(Date.UTC(2026, 10, 1, 7, 9))],
    ["soon", undefined],
    ["25:00", undefined],
    ["2026-13-01", undefined],
    ["10", undefined],
  ])("%s", (text, expected) => {
    expect(parseLogTime(text, now)).toEqual(expected);
  });
});
