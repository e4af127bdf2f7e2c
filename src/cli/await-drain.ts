/** Waits until pools are drained. */
import type { Answer, ControlClient } from "../control/client.ts";
import type { Millis } from "../supervision/time.ts";
import { type DrainProgress, drainProgress, stillRunning, type Waiting } from "./drain-progress.ts";

export interface DrainOutcome {
  readonly pool: string;
  readonly reached: boolean;
  /** Why not; null if it is. */
  readonly reason: string | null;
}

export type DrainEnd =
  | { readonly kind: "over"; readonly outcomes: readonly DrainOutcome[] }
  /** Whoever waited has left; the drain goes on. */
  | { readonly kind: "left"; readonly outcomes: readonly DrainOutcome[] }
  | Exclude<Answer<unknown>, { kind: "answered" }>;

export interface DrainWait {
  readonly pools: readonly string[];
  /** Undefined: as long as the daemon itself does. */
  readonly timeout: Millis | undefined;
  readonly interrupted: AbortSignal;
  /** Told again and again of those that are not drained yet. */
  readonly draw: (waiting: readonly Waiting[]) => Promise<void>;
}

/** Changes of units wake us; this is for the runs, and for spans of time that grow. */
const lookAgainMs = 2000;

export async function awaitDrain(client: ControlClient, wait: DrainWait): Promise<DrainEnd> {
  const { pools, timeout, interrupted, draw } = wait;
  const patience = timeout === undefined ? [] : [AbortSignal.timeout(timeout)];
  const isOver = AbortSignal.any([interrupted, ...patience]);
  const last = new Map<string, DrainProgress>();
  let waiting: readonly Waiting[] = [];
  for await (const status of client.statuses(lookAgainMs, isOver)) {
    if (isOver.aborted) break;
    if (status.kind !== "answered") return status;
    const list = await client.runs(isOver);
    if (isOver.aborted) break;
    if (list.kind !== "answered") return list;
    const now = new Date();
    for (const pool of pools) {
      const before = last.get(pool);
      if (before !== undefined && before.kind !== "waiting") continue;
      const found = status.value.pools.find(({ name }) => name === pool);
      const until = found?.drainDeadline ?? before?.until ?? null;
      const { runs } = list.value;
      last.set(pool, drainProgress(pool, { status: found, runs, until, now }));
    }
    waiting = [...last.values()].filter((progress) => progress.kind === "waiting");
    await draw(waiting);
    if (waiting.length === 0) break;
  }
  const isLeft = interrupted.aborted && (waiting.length > 0 || last.size < pools.length);
  const outcomes = pools.map((pool) => outcomeOf(pool, last.get(pool), isLeft));
  return { kind: isLeft ? "left" : "over", outcomes };
}

function outcomeOf(
  pool: string,
  progress: DrainProgress | undefined,
  isLeft: boolean,
): DrainOutcome {
  const timeIsOver = isLeft ? "" : "time is over; ";
  const not = (reason: string): DrainOutcome => ({ pool, reached: false, reason });
  switch (progress?.kind) {
    case "drained":
      return { pool, reached: true, reason: null };
    case "failed":
      return not(progress.why);
    case "waiting":
      return not(timeIsOver + stillRunning(progress, new Date()));
    case "late":
      return not(`time is over; ${stillRunning(progress.waiting, new Date())}`);
    case undefined:
      return not(`${timeIsOver}nothing was heard of it`);
    default:
      return progress satisfies never;
  }
}
