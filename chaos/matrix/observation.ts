/** What became of one cell of the matrix, and what about it should not be. */
import { setTimeout as sleep } from "node:timers/promises";
import { isThere, type ProcessIdentity } from "../../src/host/processes.ts";
import type { Arena } from "./arena.ts";
import { type Cell, keyOf } from "./cells.ts";

export interface Observation {
  /** As the table has it: a state, or `up again`. */
  readonly word: string;
  /** How long a slot was held without a process, at the most. */
  readonly lieMs: number;
  /** Each a sentence. */
  readonly faults: readonly string[];
}

export type Observations = ReadonlyMap<string, Observation>;

/** A cell that has been struck, and whose end is yet to be seen. */
export interface Struck {
  readonly cell: Cell;
  /** None: the target itself is to be up again. */
  readonly run?: string;
  /** It could not be struck while the situation lasted. */
  readonly isMissed?: boolean;
  /** What the run has started, and must be gone when it dies. */
  readonly children?: readonly ProcessIdentity[];
}

/** No longer may a run hold its slot without a process, and no longer what it has left may live. */
const limitMs = 30_000;

export async function observe(arena: Arena, struck: readonly Struck[]): Promise<Observations> {
  const seen = struck.map(
    async (each) => [keyOf(each.cell), await observeOne(arena, each)] as const,
  );
  return new Map(await Promise.all(seen));
}

async function observeOne(
  arena: Arena,
  { run, children = [], isMissed = false }: Struck,
): Promise<Observation> {
  if (run === undefined) return { word: "up again", lieMs: 0, faults: [] };
  await arena.release(run);
  const { state, message, lieMs, starts } = await arena.fate(run);
  const faults = isMissed ? ["it was not struck: it had ended before"] : [];
  if (lieMs > limitMs)
    faults.push(`its slot was held for ${Math.round(lieMs / 1_000)} s without it`);
  if (starts > 1) faults.push(`its code was executed ${starts} times`);
  // Of a run that is Completed, Prefect says no more.
  if (state !== "Completed" && message === "") faults.push(`nothing tells why it is ${state}`);
  // What a flow leaves that came to its own end, it may have left on purpose.
  const left = state === "Completed" ? 0 : await survivors(children);
  if (left > 0) faults.push(`${left} processes that it had started live on`);
  return { word: state, lieMs, faults };
}

async function survivors(children: readonly ProcessIdentity[]): Promise<number> {
  const limit = performance.now() + limitMs;
  while (children.some(isThere) && performance.now() < limit) await sleep(250);
  return children.filter(isThere).length;
}
