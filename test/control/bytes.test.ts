import { expect, test } from "vitest";
import { formatBytes } from "../../src/control/bytes.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [312 * 1024 ** 2, "312 MiB"],
  [9.94 * 1024 ** 2, "9.9 MiB"],
  [9.96 * 1024 ** 2, "10 MiB"],
  // Not 1024 MiB.
  [1023.6 * 1024 ** 2, "1.0 GiB"],
  [1.4 * 1024 ** 3, "1.4 GiB"],
  [5000 * 1024 ** 4, "5000 TiB"],
])("%i is %s", (bytes, words) => {
  expect(formatBytes(bytes)).toBe(words);
});
