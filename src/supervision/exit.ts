/**
 * How a child process ended. `spawn-failed` means that it never had a pid; its `code` is the errno's
 * name. `unknown`: an earlier daemon started it, and only a parent is told the status of a child.
 */
export type Exit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: NodeJS.Signals }
  | { readonly kind: "spawn-failed"; readonly code: string; readonly message: string }
  | { readonly kind: "unknown" };

export const isClean = (exit: Exit): boolean => exit.kind === "exited" && exit.code === 0;

export function describeExit(exit: Exit): string {
  switch (exit.kind) {
    case "exited":
      return `exited with status ${exit.code}`;
    case "signaled":
      return `was ended by ${exit.signal}`;
    case "spawn-failed":
      return `could not be started: ${exit.message}`;
    case "unknown":
      return "ended; its status is not known, for an earlier daemon had started it";
    default:
      return exit satisfies never;
  }
}

/** What the restart policy must know of a death, and what a person should read of it. */
export interface Cause {
  /**
   * `config`: the same start will fail again until somebody changes something.
   * `dependency`: what it needs was away; not counted against the unit.
   */
  readonly kind: "crash" | "config" | "dependency";
  /** A clause without a subject: `exited with status 1`. */
  readonly summary: string;
  /** What that means, or what it said last: `ModuleNotFoundError: No module named 'canfar'`. */
  readonly detail?: string;
  /** What the reader can do about it, as a sentence. */
  readonly cure?: string;
}

/** Reads a cause out of an exit and the last lines of the child's output, oldest first. */
export type Explain = (exit: Exit, lastLines: readonly string[]) => Cause;

const configErrnos: ReadonlySet<string> = new Set(["ENOENT", "EACCES", "ENOTDIR", "ENOEXEC"]);

/** The explanation for a program of which nothing is known. Status 2 is a wrong usage by old custom. */
export const explainExit: Explain = (exit, lastLines) => {
  const last = lastLines.findLast((line) => line.trim() !== "");
  const detail = isClean(exit) || last === undefined ? {} : { detail: last.trim() };
  const isConfig =
    (exit.kind === "spawn-failed" && configErrnos.has(exit.code)) ||
    (exit.kind === "exited" && (exit.code === 2 || exit.code === 126 || exit.code === 127));
  return { kind: isConfig ? "config" : "crash", summary: describeExit(exit), ...detail };
};
