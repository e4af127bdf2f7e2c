/** Reads `--since` and `--until`: `10m` ago, `14:30` of today, `2026-11-25 14:30`, `yesterday`. */
import { parseDuration } from "../config/duration.ts";

const date = String.raw`(?<date>\d{4}-\d\d-\d\d)`;
const time = String.raw`(?<time>\d\d:\d\d(:\d\d(\.\d{1,3})?)?)`;
const moment = new RegExp(String.raw`^(?:${date}(?:[ T]${time}(?<zone>Z|[+-]\d\d:\d\d)?)?)$`);
const timeOnly = new RegExp(`^${time}$`);

/** Undefined if it is none. Without a zone, it is in that of this machine. */
export function parseLogTime(text: string, now: Date): Date | undefined {
  const span = parseDuration(text.replace(/^-/, ""));
  if (span !== undefined) return new Date(now.getTime() - span);
  if (text === "now") return now;
  if (text === "today") return midnight(now, 0);
  if (text === "yesterday") return midnight(now, -1);
  const today = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const full = timeOnly.test(text) ? `${today} ${text}` : text;
  const found = moment.exec(full)?.groups;
  if (found === undefined) return undefined;
  const at = new Date(`${found["date"]}T${found["time"] ?? "00:00"}${found["zone"] ?? ""}`);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

const midnight = (now: Date, days: number): Date =>
  new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);

const two = (count: number): string => String(count).padStart(2, "0");
