/**
 * Who keeps a pool from taking new runs. Prefect knows only that it is paused: whether that was us,
 * and what for, is remembered here, so that the pause of an operator is never lifted by us, and
 * ours is lifted even if the daemon died over it.
 */

/** `stop` lasts until the next daemon has started; `drain` until somebody says resume. */
export type ClosedFor = "hot-restart" | "drain" | "stop";

export interface Closure {
  readonly reasons: readonly ClosedFor[];
  /** False: it was paused already, and stays so when we are done. */
  readonly isOurs: boolean;
  /** ISO 8601, as all of it is written to the state file. */
  readonly since: string;
  /** When a drain gives up waiting. */
  readonly deadline?: string | undefined;
}

export interface Change {
  readonly closure: Closure | undefined;
  /** What Prefect has to be told; undefined: nothing. */
  readonly pause: boolean | undefined;
}

/** @param isPaused as Prefect has it now */
export function close(
  before: Closure | undefined,
  isPaused: boolean,
  reason: ClosedFor,
  at: { readonly now: Date; readonly deadline?: Date | undefined },
): Change {
  const reasons = [...new Set([...(before?.reasons ?? []), reason])];
  const closure: Closure = {
    reasons,
    isOurs: before?.isOurs === true || !isPaused,
    since: before?.since ?? at.now.toISOString(),
    deadline: at.deadline?.toISOString() ?? before?.deadline,
  };
  return { closure, pause: isPaused ? undefined : true };
}

export function open(before: Closure | undefined, isPaused: boolean, reason: ClosedFor): Change {
  if (before === undefined) return { closure: undefined, pause: undefined };
  const reasons = before.reasons.filter((one) => one !== reason);
  if (reasons.length > 0) {
    const deadline = reasons.includes("drain") ? before.deadline : undefined;
    return { closure: { ...before, reasons, deadline }, pause: undefined };
  }
  return { closure: undefined, pause: before.isOurs && isPaused ? false : undefined };
}

/** Reasons that end with the daemon that had them. */
export const endsWithDaemon = (reason: ClosedFor): boolean => reason !== "drain";
