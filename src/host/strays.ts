/**
 * Finds and ends what a flow run left running: child processes of its own, for which nobody waits.
 * They are known by its cgroup, its session, and its id in their environment.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as yieldToOthers } from "node:timers/promises";
import { flowRunVariable, type RunRecord } from "../prefect/ports.ts";
import type { Millis } from "../supervision/time.ts";
import { errnoOf } from "./errno.ts";
import {
  allPids,
  bootId,
  commandLine,
  environmentValue,
  isThere,
  type ProcessIdentity,
  readStat,
  ticksSinceBoot,
} from "./processes.ts";
import { signalProcess } from "./signals.ts";
import { type Candidate, chooseStrays, keyOf } from "./stray-choice.ts";

export interface StrayQuery {
  readonly record: RunRecord;
  /** How long ago its process ended, as far as that is known: what began since is not its own. */
  readonly endedAgo: Millis;
  /** Other processes of the same flow run that live: theirs are not stray. */
  readonly others: readonly RunRecord[];
}

export interface Stray extends ProcessIdentity {
  /** Shortened. */
  readonly commandLine: string;
}

export interface EndedStrays {
  readonly found: readonly Stray[];
  /** Those that are still there: in an uninterruptible wait, or another user's. */
  readonly left: readonly Stray[];
}

const longestCommandLine = 120;
const processesAtATime = 50;
const firstPauseMs = 20;
const longestPauseMs = 500;
const killPatienceMs = 5_000;

export async function findStrays(query: StrayQuery): Promise<readonly Stray[]> {
  const search = new StraySearch(query);
  await search.look();
  return search.found;
}

/**
 * @param patience how long they may take to go by themselves after SIGTERM
 * @param signal leaves those alone that have not gone by then
 */
export async function endStrays(
  query: StrayQuery,
  patience: Millis,
  signal: AbortSignal,
): Promise<EndedStrays> {
  const search = new StraySearch(query);
  await endAll(search, "SIGTERM", patience, signal);
  if (!signal.aborted) await endAll(search, "SIGKILL", killPatienceMs, signal);
  return { found: search.found, left: search.left };
}

/** Signals each once, until none is left or the patience is over. */
async function endAll(
  search: StraySearch,
  name: "SIGTERM" | "SIGKILL",
  patienceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const signalled = new Set<string>();
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, 2 * pauseMs)) {
    await search.look();
    for (const stray of search.left) {
      const isNew = !signalled.has(keyOf(stray));
      signalled.add(keyOf(stray));
      if (isNew && isThere(stray)) signalProcess(stray.pid, name);
    }
    if (search.left.length === 0 || performance.now() >= deadline || signal.aborted) return;
    const leftMs = Math.max(0, deadline - performance.now());
    await sleep(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => undefined);
  }
}

class StraySearch {
  readonly #query: StrayQuery;
  readonly #endedAt: number;
  readonly #found = new Map<string, Stray>();

  constructor(query: StrayQuery) {
    this.#query = query;
    this.#endedAt = ticksSinceBoot(query.endedAgo);
  }

  get found(): readonly Stray[] {
    return [...this.#found.values()];
  }

  get left(): readonly Stray[] {
    return this.found.filter(isThere);
  }

  async look(): Promise<void> {
    const { record: run, others } = this.#query;
    // Nothing outlives a boot.
    if (run.bootId !== bootId()) return;
    const all = await readCandidates(run, others);
    const known = new Set(this.#found.keys());
    for (const { pid, startTime } of chooseStrays(all, {
      run,
      others,
      endedAt: this.#endedAt,
      known,
    })) {
      const key = keyOf({ pid, startTime });
      if (known.has(key)) continue;
      this.#found.set(key, { pid, startTime, commandLine: shorten(commandLine(pid) ?? []) });
    }
  }
}

async function readCandidates(
  run: RunRecord,
  others: readonly RunRecord[],
): Promise<readonly Candidate[]> {
  const isShared = others.some(({ cgroup }) => cgroup === run.cgroup);
  const inCgroup = new Set(run.cgroup === undefined || isShared ? [] : pidsIn(run.cgroup));
  const candidates: Candidate[] = [];
  for (const [at, pid] of [...allPids()].entries()) {
    if (at % processesAtATime === processesAtATime - 1) await yieldToOthers();
    const stat = readStat(pid);
    if (stat === undefined) continue;
    const bearsId = environmentValue(pid, flowRunVariable) === run.flowRunId;
    candidates.push({ ...stat, bearsId, isInCgroup: inCgroup.has(pid) });
  }
  return candidates;
}

/** With those of the cgroups that it has divided its own into. */
function pidsIn(cgroup: string): readonly number[] {
  try {
    const own = readFileSync(join(cgroup, "cgroup.procs"), "latin1").split("\n");
    const below = readdirSync(cgroup, { withFileTypes: true }).filter((it) => it.isDirectory());
    return [
      ...own.filter((line) => line !== "").map(Number),
      ...below.flatMap(({ name }) => pidsIn(join(cgroup, name))),
    ];
  } catch (error) {
    // It has gone, and with it all that was in it.
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

function shorten(words: readonly string[]): string {
  const text = words.join(" ").replaceAll(/\p{Cc}+/gu, " ");
  return text.length > longestCommandLine ? `${text.slice(0, longestCommandLine)}…` : text;
}
