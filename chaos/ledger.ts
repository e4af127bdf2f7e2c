/** What the flows themselves wrote down: whether a run was executed once, twice or never, past Prefect. */
import { existsSync, readFileSync } from "node:fs";

export interface Entry {
  readonly run: string;
  readonly pid: number;
  readonly what: "start" | "child" | "end";
  /** Seconds since the epoch. */
  readonly at: number;
  /** The pid of a child. */
  readonly child?: number;
}

export type Ledger = ReadonlyMap<string, readonly Entry[]>;

export function readLedger(file: string): Ledger {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, "utf8").split("\n");
  // A line that is being written has no end yet.
  const entries = lines.slice(0, -1).map((line) => JSON.parse(line) as Entry);
  return Map.groupBy(entries, ({ run }) => run);
}

export const starts = (ledger: Ledger, run: string): readonly Entry[] => only(ledger, run, "start");

export const hasEnded = (ledger: Ledger, run: string): boolean =>
  only(ledger, run, "end").length > 0;

/** Whose code has begun and not ended, with the process of each. */
export const underWay = (ledger: Ledger): readonly Entry[] =>
  [...ledger.keys()].flatMap((run) => (hasEnded(ledger, run) ? [] : starts(ledger, run).slice(-1)));

const only = (ledger: Ledger, run: string, what: Entry["what"]): readonly Entry[] =>
  (ledger.get(run) ?? []).filter((entry) => entry.what === what);
