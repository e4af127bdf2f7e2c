/** One peer with so many units, from its start to its stop, in a folder of its own. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endLeftovers } from "../src/host/leftovers.ts";
import { Births, unitScript } from "./births.ts";
import type { Ground, Peer } from "./peers/peer.ts";
import { hasGone, ownProcesses } from "./processes.ts";

/** In the environment of all that runs in a trial: by it, whatever is left in the end is found. */
const markVariable = "SAILS_BENCH_ID";

const limitMs = 120_000;
const lookEveryMs = 2;

export interface Running {
  readonly births: Births;
  readonly signal: AbortSignal;
  /** The peer's, without the units. */
  readonly ownProcesses: () => readonly number[];
}

export interface Trial<Measured> {
  /** From the peer's first instruction until all units run. */
  readonly startMs: number;
  /** From the word until neither units nor peer are there. */
  readonly stopMs: number;
  readonly measured: Measured;
}

export async function trial<Measured>(
  peer: Peer,
  count: number,
  signal: AbortSignal,
  measure: (running: Running) => Promise<Measured>,
): Promise<Trial<Measured>> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), "sails-bench-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const births = stack.use(new Births(join(folder, "fifo")));
  const ground = await layOut(folder, count, signal);
  stack.defer(() => endAll(ground));

  await peer.prepare(ground);
  try {
    const begin = performance.now();
    const { pid: root, stop } = await peer.launch(ground);
    const startMs = (await allBorn(births, count, signal)) - begin;
    const unitPids = (): readonly number[] => [...births.newest.values()].map(({ pid }) => pid);
    const own = (): readonly number[] => ownProcesses(root, new Set(unitPids()));
    const measured = await measure({ births, signal, ownProcesses: own });

    const everything = [...own(), ...unitPids()];
    const asked = performance.now();
    const [goneAt] = await Promise.all([allGone(everything, signal), stop()]);
    return { startMs, stopMs: goneAt - asked, measured };
  } catch (error) {
    signal.throwIfAborted();
    throw withLastWords(error, ground);
  }
}

async function layOut(folder: string, count: number, signal: AbortSignal): Promise<Ground> {
  const scripts = join(folder, "units");
  const own = join(folder, "peer");
  await mkdir(scripts);
  await mkdir(own);
  const names = Array.from({ length: count }, (_, index) => `s${index + 1}`);
  const units = names.map((name) => ({ name, script: join(scripts, name) }));
  const fifo = join(folder, "fifo");
  await Promise.all(
    units.map(({ name, script }) => writeFile(script, unitScript(name, fifo), { mode: 0o755 })),
  );
  const mark = { [markVariable]: randomUUID() };
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: own, LANG: "C.UTF-8", ...mark };
  return { folder: own, units, env, mark, log: join(folder, "log"), signal };
}

async function endAll({ mark }: Ground): Promise<void> {
  const { left } = await endLeftovers({
    variable: markVariable,
    value: mark[markVariable] ?? "",
    patienceMs: 0,
  });
  if (left.length > 0) throw new Error(`processes ${left.join(", ")} cannot be ended`);
}

/** Resolves with the moment of the last first birth. */
function allBorn(births: Births, count: number, signal: AbortSignal): Promise<number> {
  const last = (): number | undefined =>
    births.newest.size < count
      ? undefined
      : Math.max(...[...births.newest.values()].map(({ at }) => at));
  return births.until(last, limited(signal));
}

async function allGone(pids: readonly number[], signal: AbortSignal): Promise<number> {
  const limit = limited(signal);
  const left = [...pids];
  for (;;) {
    // One that is still there is enough to know.
    for (let last = left.at(-1); last !== undefined && hasGone(last); last = left.at(-1)) {
      left.pop();
    }
    if (left.length === 0) return performance.now();
    await sleep(lookEveryMs, undefined, { signal: limit });
  }
}

const limited = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);

function withLastWords(error: unknown, { log }: Ground): Error {
  const said = existsSync(log) ? readFileSync(log, "utf8") : "";
  const last = said.trim().split("\n").at(-1) ?? "";
  const what = error instanceof Error ? error.message : String(error);
  return new Error(last === "" ? what : `${what} (it last said: ${last})`, { cause: error });
}
