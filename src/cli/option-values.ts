/** Reads the values of options. What cannot be read is wrong usage. */
import { InvalidArgumentError } from "commander";
import { longestTimer, parseDuration } from "../config/duration.ts";
import type { Millis } from "../supervision/time.ts";
import { type LogLevel, levels } from "./log-line.ts";
import { parseLogTime } from "./log-time.ts";

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

const otherNames: Readonly<Record<string, LogLevel>> = {
  crit: "critical",
  err: "error",
  warn: "warning",
};

export function parseLevel(text: string): LogLevel {
  const name = text.toLowerCase();
  const level = Object.keys(levels).find((each): each is LogLevel => each === name);
  const found = level ?? otherNames[name];
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`It is one of ${Object.keys(levels).join(", ")}.`);
}

export function parseLogMoment(text: string): Date {
  const at = parseLogTime(text, new Date());
  if (at !== undefined) return at;
  throw new InvalidArgumentError("It is a time: 10m (ago), 14:30, 2026-11-25 14:30, today.");
}
