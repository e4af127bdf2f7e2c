/**
 * Who keeps a pool from taking new runs. Prefect knows only that it is paused: whether that was us,
 * and what for, is remembered here, so that the pause of an operator is never lifted by us, and
 * ours is lifted even if the daemon died over it.
 */
import { hash } from "node:crypto";
import type { WorkPool } from "../api/client.ts";

/**
 * `stop` lasts until the next daemon has started; `drain` until somebody says resume; `check` until
 * what the pool requires holds again.
 */
export type ClosedFor = "hot-restart" | "drain" | "stop" | "check";

export interface Closure {
  readonly reasons: readonly ClosedFor[];
  /** False: an operator has paused it, too, and it stays so when we are done. */
  readonly isOurs: boolean;
  /** ISO 8601, as all of it is written to the state file. */
  readonly since: string;
  /** When a drain gives up waiting. */
  readonly deadline?: string | undefined;
  /** When Prefect was asked last to pause it. */
  readonly askedAt?: string | undefined;
  /** Prefect has said yes to it; before, nobody knows whether it has heard of it. */
  readonly isToldOf?: true | undefined;
  /** The pool as it was once we had paused it. */
  readonly stamp?: Stamp | undefined;
}

/**
 * Prefect notes when a pool was changed last, but not what for. A change of nothing that can be seen
 * is a pause of what was paused already, or two changes that cancel each other: an operator's word.
 */
export interface Stamp {
  readonly updated: string;
  /** Of all else that can be changed. */
  readonly rest: string;
}

export interface Change {
  readonly closure: Closure | undefined;
  /** What Prefect has to be told; undefined: nothing. */
  readonly pause: boolean | undefined;
}

/** A pool as Prefect has it now. */
export type SeenPool = Pick<WorkPool, "is_paused"> & Partial<WorkPool>;

export function close(
  before: Closure | undefined,
  { is_paused: isPaused }: SeenPool,
  reason: ClosedFor,
  at: { readonly now: Date; readonly deadline?: Date | undefined },
): Change {
  const reasons = [...new Set([...(before?.reasons ?? []), reason])];
  const closure: Closure = {
    ...(isPaused ? before : asked(at.now)),
    reasons,
    isOurs: before?.isOurs === true || !isPaused,
    since: before?.since ?? at.now.toISOString(),
    deadline: at.deadline?.toISOString() ?? before?.deadline,
  };
  return { closure, pause: isPaused ? undefined : true };
}

export function open(before: Closure | undefined, pool: SeenPool, reason: ClosedFor): Change {
  if (before === undefined) return { closure: undefined, pause: undefined };
  const rest = without(before, reason);
  if (rest !== undefined) return { closure: rest, pause: undefined };
  const isOurs = before.isOurs && !hasBeenPausedSince(before, pool);
  return { closure: undefined, pause: isOurs && pool.is_paused ? false : undefined };
}

/**
 * To be asked now and then, for a reason that lasts. A pause of an operator beside ours is noted. A
 * pool that we have paused and that is open has been opened by an operator: that is respected. If it
 * was the operator who had paused it, our reason has never had its turn, nor if Prefect has not heard
 * of it: then it is paused now.
 */
export function review(
  before: Closure | undefined,
  pool: SeenPool,
  reason: ClosedFor,
  now: Date,
): Change {
  if (before === undefined || !before.reasons.includes(reason)) {
    return { closure: before, pause: undefined };
  }
  if (pool.is_paused) return { closure: heed(before, pool), pause: undefined };
  return before.isOurs && before.isToldOf === true
    ? { closure: without(before, reason), pause: undefined }
    : { closure: { ...before, isOurs: true, ...asked(now) }, pause: true };
}

/** What was changed so far, before the next change hides what this one was. */
export function heed(before: Closure, pool: SeenPool): Closure {
  const stamp = stampOf(pool);
  if (!pool.is_paused || stamp === undefined) return before;
  // Without one, Prefect's answer to our pause was lost, or it was never ours.
  const isKnown =
    before.stamp === undefined
      ? before.askedAt === undefined
      : before.stamp.updated === stamp.updated;
  if (isKnown) return before;
  return { ...before, stamp, isOurs: before.isOurs && !hasBeenPausedSince(before, pool) };
}

/** After a change of ours: what was done before it has been heeded, and what comes is held against this. */
export function restamp(before: Closure, pool: SeenPool): Closure {
  const stamp = stampOf(pool);
  return before.stamp === undefined || stamp === undefined ? before : { ...before, stamp };
}

/** What is known of an earlier pause says nothing of this one. */
const asked = (now: Date) => ({
  askedAt: now.toISOString(),
  isToldOf: undefined,
  stamp: undefined,
});

/** Undefined if no reason is left. */
function without(before: Closure, reason: ClosedFor): Closure | undefined {
  const reasons = before.reasons.filter((one) => one !== reason);
  if (reasons.length === 0) return undefined;
  return { ...before, reasons, deadline: reasons.includes("drain") ? before.deadline : undefined };
}

/** Undefined of a server that does not say. */
export function stampOf({ updated, ...pool }: SeenPool): Stamp | undefined {
  if (updated === undefined || updated === null) return undefined;
  const { concurrency_limit: limit, base_job_template: template, description } = pool;
  const rest = JSON.stringify([limit, template, description]);
  return { updated, rest: hash("sha256", rest) };
}

function hasBeenPausedSince({ stamp, askedAt }: Closure, pool: SeenPool): boolean {
  const now = stampOf(pool);
  if (now === undefined) return false;
  if (stamp !== undefined) return now.updated !== stamp.updated && now.rest === stamp.rest;
  // Our question, or its answer, was lost: a pause of much later is somebody else's.
  return askedAt !== undefined && Date.parse(now.updated) > Date.parse(askedAt) + longestQuestion;
}

/** With all that a question is repeated; the clock of a server elsewhere may differ, too. */
const longestQuestion = 120_000;

/** Reasons that end with the daemon that had them; the others it leaves to the next. */
export const endsWithDaemon = (reason: ClosedFor): boolean =>
  reason === "hot-restart" || reason === "stop";
