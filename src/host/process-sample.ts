/** What the processes of a unit use, for the metrics. Synchronous: five times cheaper than the thread pool for /proc. */
import { readdirSync } from "node:fs";
import { allPids, isUnavailable, type ProcessStat, readProcess, readStat } from "./processes.ts";

export interface ProcessSample {
  readonly processes: number;
  /** Never falls for as long as parents wait for their children. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** Pages that processes share are counted for each. */
  readonly residentBytes: number;
  /** Of the main process; undefined where we may not look. */
  readonly openFds: number | undefined;
  readonly maxFds: number | undefined;
}

export type ProcessTable = readonly ProcessStat[];

/** One look at all processes serves the samples of all units. */
export const readProcessTable = (): ProcessTable =>
  [...allPids()].flatMap((pid) => readStat(pid) ?? []);

/**
 * The session that the main process leads: what it started, except for what took a session of
 * its own, as detached flow runs do. Undefined if the main process has gone.
 */
export function sampleProcessTree(
  mainPid: number,
  table: ProcessTable = readProcessTable(),
): ProcessSample | undefined {
  const members = table.filter(({ pid, session }) => pid === mainPid || session === mainPid);
  if (!members.some(({ pid }) => pid === mainPid)) return undefined;
  const sum = (of: (member: ProcessStat) => number): number =>
    members.reduce((total, member) => total + of(member), 0);
  return {
    processes: members.length,
    userSeconds: sum((member) => member.userSeconds),
    systemSeconds: sum((member) => member.systemSeconds),
    residentBytes: sum((member) => member.residentBytes),
    openFds: countOpenFds(mainPid),
    maxFds: readMaxFds(mainPid),
  };
}

function countOpenFds(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}

function readMaxFds(pid: number): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(readProcess(pid, "limits") ?? "")?.[1];
  if (soft === undefined) return undefined;
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}
