/** From the keys of one check to what it looks at, with what is not given in its place. */
import { type Millis, ms } from "../supervision/time.ts";
import type { CheckConfig, CheckTarget } from "./config.ts";
import type { Settings } from "./defaults.ts";
import { parseDuration } from "./duration.ts";
import { parseSize } from "./size.ts";

type Check = Settings["checks"][number];

export const toCheck = (check: Check): CheckConfig => ({
  name: check.name,
  target: targetOf(check),
  every: span(check.every),
  timeout: span(check.timeout),
  failureThreshold: check.failure_threshold,
  successThreshold: check.success_threshold,
});

function targetOf(check: Check): CheckTarget {
  const { mount, command, http, file, certificate, free_space: space } = check;
  if (mount !== undefined) return { kind: "mount", path: mount };
  if (command !== undefined) return { kind: "command", command };
  if (http !== undefined) return { kind: "http", url: http };
  if (file !== undefined) {
    const maxAge = check.max_age === undefined ? undefined : span(check.max_age);
    return { kind: "file", path: file, maxAge };
  }
  if (certificate !== undefined) {
    const fail = span(check.fail ?? "1h");
    const warn = check.warn === undefined ? ms(Math.max(span("2d"), 2 * fail)) : span(check.warn);
    return { kind: "certificate", path: certificate, warn, fail };
  }
  const min = bytes(check.min ?? "1GB");
  const warn = check.warn === undefined ? 2 * min : bytes(check.warn);
  return { kind: "free-space", path: checked(space), min, warn };
}

const span = (text: string): Millis => checked(parseDuration(text));
const bytes = (text: string): number => checked(parseSize(text));

/** What the schema and the relations have let through is there. */
function checked<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a value that was checked is missing");
  return value;
}
