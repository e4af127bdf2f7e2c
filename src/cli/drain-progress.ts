/** How far the drain of a pool has come, as status and runs show it. */
import type { PoolStatus, RunStatus } from "../control/status.ts";
import { count, type Lines, spanSince, spanUntil } from "./look.ts";
import { nameOf } from "./runs-text.ts";
import { oneLine } from "./text-width.ts";

export interface Waiting {
  readonly kind: "waiting";
  readonly pool: string;
  readonly runs: readonly RunStatus[];
  /** When the daemon gives up; null if it does not. */
  readonly until: string | null;
}

export type DrainProgress =
  | { readonly kind: "drained" }
  | Waiting
  | { readonly kind: "late"; readonly waiting: Waiting }
  /** Waiting any longer would be in vain. */
  | { readonly kind: "failed"; readonly why: string };

interface Seen {
  /** Undefined when it is no longer declared. */
  readonly status: PoolStatus | undefined;
  readonly runs: readonly RunStatus[];
  /** Kept from an earlier look: when the daemon has given up, it may name none any more. */
  readonly until: string | null;
  readonly now: Date;
}

export function drainProgress(pool: string, { status, runs, until, now }: Seen): DrainProgress {
  if (status === undefined) return { kind: "failed", why: "it is no longer in the configuration" };
  if (status.intake === "open") return { kind: "failed", why: "it takes new flow runs again" };
  const isEmpty = status.intake === "paused" && status.runs === 0;
  if (status.intake === "drained" || isEmpty) return { kind: "drained" };
  const left = runs.filter((run) => run.pool === pool);
  const waiting: Waiting = { kind: "waiting", pool, runs: left, until };
  const isLate = until !== null && Date.parse(until) <= now.getTime();
  return isLate ? { kind: "late", waiting } : waiting;
}

const mostNames = 10;

/** In one sentence: `2 flow runs still run: calm-otter (2 h 4 min), wild-fox (3 min)`. */
export function stillRunning({ runs }: Waiting, now: Date): string {
  if (runs.length === 0) return "no flow run has a process here any more, but Prefect counts some";
  const names = runs
    .slice(0, mostNames)
    .map((run) => `${nameOf(run)} (${spanSince(run.startedAt, now)})`);
  const more = runs.length > mostNames ? `, and ${runs.length - mostNames} more` : "";
  return `${count(runs.length, "flow run")} still run${runs.length === 1 ? "s" : ""}: ${names.join(", ")}${more}`;
}

/** In lines that are drawn again and again. */
export function waitingLines({ pool, runs, until }: Waiting, now: Date): Lines {
  const atMost = until === null ? "" : `, for ${spanUntil(until, now)} at most`;
  const what =
    runs.length === 0
      ? "until Prefect counts no flow run of it any more"
      : `for ${count(runs.length, "flow run")}`;
  return [
    `${oneLine(pool)} waits ${what}${atMost}`,
    ...runs.map((run) => `    ${nameOf(run)}, for ${spanSince(run.startedAt, now)}`),
  ];
}
