/** The verdict of /readyz, in the words of Kubernetes' health endpoints. */
import type { Status, UnitStatus } from "./status.ts";

export interface ReadinessCheck {
  /** `supervisor` or `unit/NAME`. */
  readonly name: string;
  readonly isReady: boolean;
  /** Why it failed, or why it counts as ready though it is down. */
  readonly why: string | undefined;
}

type Examined = Pick<Status, "units"> & {
  readonly supervisor: Pick<Status["supervisor"], "phase">;
};

/** What `Status.ready` says. */
export const isReady = (status: Examined): boolean =>
  readinessChecks(status).every((check) => check.isReady);

export function readinessChecks({ supervisor: { phase }, units }: Examined): ReadinessCheck[] {
  const isRunning = phase === "running";
  return [
    { name: "supervisor", isReady: isRunning, why: isRunning ? undefined : `is ${phase}` },
    ...units.map(unitCheck),
  ];
}

function unitCheck({ name, desired, ready, state, reason }: UnitStatus): ReadinessCheck {
  if (desired === "down")
    return { name: `unit/${name}`, isReady: true, why: `not wanted: ${reason}` };
  const why = ready ? undefined : `${state}: ${reason}`;
  return { name: `unit/${name}`, isReady: ready, why };
}

/** A unit goes by its own name, too. */
export const isNamed = (check: ReadinessCheck, name: string): boolean =>
  check.name === name || check.name === `unit/${name}`;

export interface ReadinessReport {
  readonly passed: boolean;
  readonly text: string;
}

export function reportReadiness(
  checks: readonly ReadinessCheck[],
  excluded: readonly string[],
): ReadinessReport {
  const isExcluded = (check: ReadinessCheck): boolean =>
    excluded.some((name) => isNamed(check, name));
  const unmatched = excluded.filter((name) => !checks.some((check) => isNamed(check, name)));
  const passed = checks.every((check) => check.isReady || isExcluded(check));
  const lines = [
    ...checks.map((check) => (isExcluded(check) ? `[+]${check.name} excluded` : checkLine(check))),
    ...unmatched.map((name) => `warning: nothing to exclude is called ${oneLine(name)}`),
    `readyz check ${passed ? "passed" : "failed"}`,
  ];
  return { passed, text: lines.join("\n") };
}

function checkLine({ name, isReady: ok, why }: ReadinessCheck): string {
  const reason = why === undefined ? "" : oneLine(why);
  if (ok) return `[+]${name} ok${reason && ` (${reason})`}`;
  return `[-]${name} failed: ${reason}`;
}

const oneLine = (words: string): string => words.replace(/\s+/g, " ").trim();
