import { expect, test } from "vitest";
import { formatSize } from "../../src/checks/size.ts";
import { parseSize } from "../../src/config/size.ts";

test.each([
  ["2GB", 2e9],
  ["500MB", 5e8],
  ["1.5TiB", 1.5 * 2 ** 40],
  ["10kb", 10_000],
  ["7B", 7],
  ["2", undefined],
  ["GB", undefined],
  ["-1GB", undefined],
  ["2 GB", undefined],
  ["1e3GB", undefined],
  ["2XB", undefined],
  ["1.2345GB", undefined],
])("%s is %s bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_440_000_000, "1.4 GB"],
  [999_999, "1.0 MB"],
  [20e9, "20 GB"],
  [3e16, "30000 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});
