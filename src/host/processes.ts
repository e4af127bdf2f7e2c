/** What /proc tells of processes. They may vanish while they are read: then there is no answer. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { errnoOf } from "./errno.ts";
import { systemConstants } from "./system-constants.ts";

/** A pid may be given to another process; together with its start time it may not, until the next boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the boot. */
  readonly startTime: number;
}

export interface ProcessStat extends ProcessIdentity {
  /** `R`, `S`, `D`, `T`, `Z`, …: see proc(5). */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** In seconds, with that of the children that it has waited for. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  /** Of a zombie; 0 for whoever may not know. */
  readonly waitStatus: number;
}

export function* allPids(): Generator<number> {
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid)) yield pid;
  }
}

export function readStat(pid: number): ProcessStat | undefined {
  const text = readProcess(pid, "stat");
  if (text === undefined) return undefined;
  // The program's name stands in parentheses, and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // proc(5) counts from 1, and the third field is the first here.
  const number = (field: number): number => Number(fields[field - 3]);
  const { pageBytes, ticksPerSecond } = systemConstants();
  return {
    pid,
    state: fields[0] ?? "?",
    parent: number(4),
    group: number(5),
    session: number(6),
    userSeconds: (number(14) + number(16)) / ticksPerSecond,
    systemSeconds: (number(15) + number(17)) / ticksPerSecond,
    startTime: number(22),
    residentBytes: number(24) * pageBytes,
    waitStatus: number(52),
  };
}

export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTime: stat.startTime };
}

/** A zombie is no longer there, for all that anybody can do with it. */
export function isThere({ pid, startTime }: ProcessIdentity): boolean {
  const stat = readStat(pid);
  return stat?.startTime === startTime && !isGone(stat);
}

export const isGone = ({ state }: ProcessStat): boolean => state === "Z" || state === "X";

/**
 * How a process ended, in the form of wait(2), as long as its parent has not asked. Undefined if it
 * has, if the process still lives, or if the kernel would not tell us, but say 0.
 */
export function waitStatusOf({ pid, startTime }: ProcessIdentity): number | undefined {
  const stat = readStat(pid);
  if (stat?.startTime !== startTime || !isGone(stat)) return undefined;
  const isOwn = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === process.geteuid?.();
  return isOwn ? stat.waitStatus : undefined;
}

/** Exact to about 20 ms: `btime` of /proc/stat, which has whole seconds, is not. */
export function startedAt(pid: number): Date | undefined {
  const stat = readStat(pid);
  return stat && new Date(Date.now() - ageMs(stat));
}

/** This machine, or the container that we are in: its first process began then. */
export const bootedAt = (): Date => startedAt(1) ?? new Date(Date.now() - uptimeSeconds() * 1000);

/** How long it has been there. */
export const ageMs = ({ startTime }: ProcessIdentity): number =>
  uptimeSeconds() * 1000 - (startTime / systemConstants().ticksPerSecond) * 1000;

/** What the start time of a process would be that started now. */
export const ticksNow = (): number =>
  Math.floor(uptimeSeconds() * systemConstants().ticksPerSecond);

/** What start times are counted in, at so many milliseconds ago. */
export const ticksSinceBoot = (agoMs: number): number =>
  Math.ceil((uptimeSeconds() - agoMs / 1000) * systemConstants().ticksPerSecond);

const uptimeSeconds = (): number => Number.parseFloat(readFileSync("/proc/uptime", "latin1"));

export const bootId = (): string =>
  readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();

/** Empty for a kernel thread and for a zombie. */
export const commandLine = (pid: number): readonly string[] | undefined => readList(pid, "cmdline");

/** As it was given at the start; undefined if the process is another user's. */
export function environmentValue(pid: number, name: string): string | undefined {
  const prefix = `${name}=`;
  return readList(pid, "environ")
    ?.find((entry) => entry.startsWith(prefix))
    ?.slice(prefix.length);
}

/** As it was given at the start; undefined if the process is another user's. */
export function environmentOf(pid: number): ReadonlyMap<string, string> | undefined {
  const entries = readList(pid, "environ")?.map((entry) => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), entry.slice(at + 1)] as const;
  });
  return entries && new Map(entries);
}

export interface FoundProcess extends ProcessIdentity {
  /** So is each child of a daemon; of what it starts, only what takes a session of its own. */
  readonly isSessionLeader: boolean;
  readonly variables: ReadonlyMap<string, string>;
}

/** Without us, and without those whose environment we may not see. */
export function findProcesses(
  isWanted: (process: FoundProcess) => boolean,
): readonly FoundProcess[] {
  return [...allPids()].flatMap((pid) => {
    if (pid === process.pid) return [];
    // The identity first: if the pid changes hands in between, the check before a signal sees it.
    const stat = readStat(pid);
    const variables = stat && environmentOf(pid);
    if (stat === undefined || variables === undefined) return [];
    const { startTime, session } = stat;
    const found = { pid, startTime, isSessionLeader: session === pid, variables };
    return isWanted(found) ? [found] : [];
  });
}

export const findByEnvironment = (name: string, value: string): readonly FoundProcess[] =>
  findProcesses(({ variables }) => variables.get(name) === value);

export function readProcess(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}

/** It has gone, or we may not look. */
export function isUnavailable(error: unknown): boolean {
  const code = errnoOf(error);
  return code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM";
}

const readList = (pid: number, file: string): readonly string[] | undefined =>
  readProcess(pid, file)
    ?.split("\0")
    .filter((entry) => entry !== "");
