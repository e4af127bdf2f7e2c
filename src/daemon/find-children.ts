/**
 * Decides which process is whose child: by the records of the daemon before, each held against what
 * is there now, and where there is none by the marks that its children bear.
 */
import { invocationVariable, specVariable, unitVariable } from "../host/marks.ts";
import type { FoundProcess, ProcessStat } from "../host/processes.ts";
import type { RecordedChild } from "./memory.ts";

export interface Traces {
  /** By unit; undefined: something is recorded that has no sense. */
  readonly records: ReadonlyMap<string, RecordedChild | undefined>;
  /** All that bear the id of this supervisor, without flow runs: those are nobody's child any more. */
  readonly marked: readonly FoundProcess[];
  readonly bootId: string;
  /** Undefined if there is no such process, or only a zombie of it. */
  readonly look: (pid: number) => ProcessStat | undefined;
  readonly holdsLifeline: (pid: number, unit: string) => boolean;
}

export type Found =
  | { readonly kind: "recorded"; readonly record: RecordedChild }
  /** Its daemon died before it was recorded. */
  | { readonly kind: "marked"; readonly child: MarkedChild }
  | { readonly kind: "lost"; readonly why: LossReason; readonly pid: number | undefined };

export interface MarkedChild {
  readonly pid: number;
  readonly startTime: number;
  readonly invocation: string;
  readonly specHash: string;
  readonly spawns: number;
}

/** As in `sails_unit_adoption_failures_total`. */
export type LossReason = "gone" | "pid_reused" | "other_boot" | "no_lifeline" | "record";

/** By unit, for all of which there is a trace. */
export function findChildren(traces: Traces): ReadonlyMap<string, Found> {
  const { records, marked } = traces;
  const named = marked.flatMap(({ variables }) => variables.get(unitVariable) ?? []);
  const units = new Set([...records.keys(), ...named]);
  return new Map(
    [...units].flatMap((unit) => {
      const found = findChild(unit, traces);
      return found === undefined ? [] : [[unit, found] as const];
    }),
  );
}

function findChild(unit: string, traces: Traces): Found | undefined {
  const { records, holdsLifeline } = traces;
  const record = records.get(unit);
  const loss = records.has(unit) ? lossOf(record, traces) : undefined;
  if (record !== undefined && loss === undefined) return { kind: "recorded", record };

  const leaders = traces.marked.filter(
    ({ isSessionLeader, variables }) =>
      isSessionLeader &&
      variables.get(unitVariable) === unit &&
      // What the recorded process has left behind is not the process.
      variables.get(invocationVariable) !== record?.invocation,
  );
  const main = mainOf(leaders.filter(({ pid }) => holdsLifeline(pid, unit)));
  const child = main && toChild(main, record);
  if (child !== undefined) return { kind: "marked", child };
  if (loss !== undefined) return { kind: "lost", why: loss, pid: record?.pid };
  const [leader] = leaders;
  return leader && { kind: "lost", why: "no_lifeline", pid: leader.pid };
}

/** Undefined: it is what was recorded. */
function lossOf(
  record: RecordedChild | undefined,
  { bootId, look }: Traces,
): LossReason | undefined {
  if (record === undefined) return "record";
  if (record.bootId !== bootId) return "other_boot";
  const stat = look(record.pid);
  if (stat === undefined) return "gone";
  return stat.startTime === record.startTime ? undefined : "pid_reused";
}

function toChild(
  { pid, startTime, variables }: FoundProcess,
  before: RecordedChild | undefined,
): MarkedChild | undefined {
  const invocation = variables.get(invocationVariable);
  const specHash = variables.get(specVariable);
  if (invocation === undefined || specHash === undefined) return undefined;
  return { pid, startTime, invocation, specHash, spawns: (before?.spawns ?? 0) + 1 };
}

/**
 * What escapes from a main process leads a session too, and may hold its lifeline: of one spawn the
 * main process is the oldest, and of several spawns the last is the one that may still have it.
 */
function mainOf(leaders: readonly FoundProcess[]): FoundProcess | undefined {
  const spawns = Map.groupBy(leaders, ({ variables }) => variables.get(invocationVariable));
  const oldest = [...spawns.values()].flatMap((spawn) => spawn.toSorted(byAge).slice(0, 1));
  return oldest.toSorted(byAge).at(-1);
}

const byAge = (one: FoundProcess, other: FoundProcess): number =>
  one.startTime - other.startTime || one.pid - other.pid;
