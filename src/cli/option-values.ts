/** Reads the values of options. What cannot be read is wrong usage. */
import { InvalidArgumentError } from "commander";
import { longestTimer, parseDuration } from "../config/duration.ts";
import type { Millis } from "../supervision/time.ts";

export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It is a number: 0, 50.");
  return Number(text);
}

export function parseTimeout(text: string): Millis {
  const timeout = parseDuration(text);
  if (timeout === undefined) throw new InvalidArgumentError("It is a time: 30s, 5m, 1h.");
  if (timeout > longestTimer) throw new InvalidArgumentError("24d is the longest.");
  return timeout;
}
