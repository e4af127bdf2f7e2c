/**
 * The rows of workers, flows and what flows have started. Each signal to a worker has a pool of its
 * own, so that all of them are sent at once; flows share one.
 */
import type { ProcessIdentity } from "../../src/host/processes.ts";
import type { PoolPlan } from "../place.ts";
import { progress } from "../progress.ts";
import type { Arena } from "./arena.ts";
import { type Cell, type Fault, faults, type Situation } from "./cells.ts";
import { type Observation, type Observations, observe, type Struck } from "./observation.ts";
import { cancellingIn, claimedIn, parentIn, runningIn } from "./scene.ts";
import { strike } from "./strike.ts";

const flowPool = "flows";
const workerPool = (fault: Fault): string => `worker-${fault.toLowerCase()}`;

export const workerArena: readonly PoolPlan[] = [...faults.map(workerPool), flowPool].map(
  (name) => ({ name, limit: null }),
);

const scenes = [
  whileIdle,
  workersWhileBusy,
  flowsWhileBusy,
  whileRestarting,
  whileAdopting,
  withoutServer,
];

export async function strikeWorkersAndFlows(
  arena: Arena,
  some: readonly Fault[],
): Promise<Observations> {
  const seen = new Map<string, Observation>();
  // One after the other: a server on SQLite bears some twenty runs and their workers at a time.
  for (const scene of scenes) {
    progress(`workers and flows: ${scene.name}`);
    for (const [key, each] of await observe(arena, await scene(arena, some))) seen.set(key, each);
  }
  return seen;
}

/** Workers without runs; and what flows have started, which concerns nobody else. */
async function whileIdle(arena: Arena, some: readonly Fault[]): Promise<readonly Struck[]> {
  const [running, cancelling] = await Promise.all([
    parentIn(arena, flowPool, some.length),
    parentIn(arena, flowPool, some.length),
  ]);
  await arena.prefect.cancel(cancelling.run);
  await Promise.all([
    strikeWorkers(arena, some),
    strikeChildren(running.children, some),
    strikeChildren(cancelling.children, some),
  ]);
  return [
    ...some.map((fault): Struck => ({ cell: { target: "worker", fault, situation: "idle" } })),
    ...childCells(running, some, "running"),
    ...childCells(cancelling, some, "cancelling"),
  ];
}

async function workersWhileBusy(arena: Arena, some: readonly Fault[]): Promise<readonly Struck[]> {
  const prepared = await Promise.all(
    some.map(async (fault) => {
      const pool = workerPool(fault);
      const [running, cancelling] = await Promise.all([
        runningIn(arena, pool),
        cancellingIn(arena, pool),
      ]);
      return { fault, running, cancelling };
    }),
  );
  const struck: Struck[] = [];
  const recovered: Promise<void>[] = [];
  for (const { fault, running, cancelling } of prepared) {
    const claimed = await claimedIn(arena, workerPool(fault));
    recovered.push(strikeWorker(arena, fault));
    struck.push(
      { cell: { target: "worker", fault, situation: "claimed" }, run: claimed },
      { cell: { target: "worker", fault, situation: "running" }, run: running },
      { cell: { target: "worker", fault, situation: "cancelling" }, run: cancelling },
    );
  }
  await Promise.all(recovered);
  return struck;
}

async function flowsWhileBusy(arena: Arena, some: readonly Fault[]): Promise<readonly Struck[]> {
  const struck: Struck[] = [];
  // In turns: more runs of one pool than that make a server on SQLite gasp.
  for (const fault of some) {
    const [parent, cancelling] = await Promise.all([
      parentIn(arena, flowPool, 1),
      cancellingIn(arena, flowPool),
    ]);
    const roles = [
      { situation: "running", ...parent },
      { situation: "cancelling", run: cancelling },
    ] as const;
    struck.push(await strikeClaimed(arena, fault));
    const strikes = roles.map(async ({ situation, ...rest }): Promise<Struck> => {
      const isMissed = !(await strikeRun(arena, rest.run, fault));
      return { cell: { target: "flow", fault, situation }, isMissed, ...rest };
    });
    struck.push(...(await Promise.all(strikes)));
  }
  return struck;
}

/** It must not have begun before it is struck: now and then one is faster, and another is tried. */
async function strikeClaimed(arena: Arena, fault: Fault): Promise<Struck> {
  const cell: Cell = { target: "flow", fault, situation: "claimed" };
  for (let tries = 1; ; tries += 1) {
    const run = await claimedIn(arena, flowPool);
    const wasThere = await strikeRun(arena, run, fault);
    const isMissed = !wasThere || (fault !== "SIGSTOP" && (await arena.hasBegun(run)));
    if (!isMissed || tries === 5) return { cell, isMissed, run };
    await arena.release(run);
  }
}

/** Whether it was still there. */
async function strikeRun(arena: Arena, run: string, fault: Fault): Promise<boolean> {
  const engine = await arena.engine(run);
  if (engine !== undefined) await strike(engine, fault);
  return engine !== undefined;
}

/** The next worker is struck, as soon as it is there; the flows, while there is none. */
async function whileRestarting(arena: Arena, some: readonly Fault[]): Promise<readonly Struck[]> {
  const cast = await castFor(arena, some);
  const recovered: Promise<void>[] = [];
  for (const fault of some) {
    const pool = workerPool(fault);
    const old = await arena.worker(pool);
    const order = arena.sails.order("restart", `worker@${pool}`).catch(() => undefined);
    const next = await arena.worker(pool, old);
    recovered.push(strikeWorker(arena, fault, next), order);
  }
  const old = await arena.worker(flowPool);
  const order = arena.sails.order("restart", `worker@${flowPool}`);
  await arena.gone(old);
  await strikeFlows(arena, cast, some);
  await Promise.all([...recovered, order]);
  return cells(cast, "hot restart");
}

async function whileAdopting(arena: Arena, some: readonly Fault[]): Promise<readonly Struck[]> {
  const cast = await castFor(arena, some);
  await strike(await arena.supervisor(), "SIGKILL");
  await Promise.all([strikeWorkers(arena, some), strikeFlows(arena, cast, some)]);
  return cells(cast, "adoption");
}

async function withoutServer(arena: Arena, some: readonly Fault[]): Promise<readonly Struck[]> {
  const cast = await castFor(arena, some);
  await arena.sails.order("stop", "server");
  const workers = some.map(async (fault) => strike(await arena.worker(workerPool(fault)), fault));
  await Promise.all([...workers, strikeFlows(arena, cast, some)]);
  await arena.sails.order("start", "server");
  return cells(cast, "server away");
}

/** Who plays in a scene: a run in each worker's pool, one for each fault to be struck itself, a parent. */
interface Cast {
  readonly ofWorkers: readonly Role[];
  readonly flows: readonly Role[];
  readonly parent: Parent;
}

interface Role {
  readonly fault: Fault;
  readonly run: string;
}

interface Parent {
  readonly run: string;
  readonly children: readonly ProcessIdentity[];
}

async function castFor(arena: Arena, some: readonly Fault[]): Promise<Cast> {
  const inPools = (poolOf: (fault: Fault) => string): Promise<readonly Role[]> =>
    Promise.all(some.map(async (fault) => ({ fault, run: await runningIn(arena, poolOf(fault)) })));
  const [ofWorkers, flows, parent] = await Promise.all([
    inPools(workerPool),
    inPools(() => flowPool),
    parentIn(arena, flowPool, some.length),
  ]);
  return { ofWorkers, flows, parent };
}

function cells({ ofWorkers, flows, parent }: Cast, situation: Situation): readonly Struck[] {
  return [
    ...ofWorkers.map(
      ({ fault, run }): Struck => ({
        cell: { target: "worker", fault, situation },
        run,
      }),
    ),
    ...flows.map(({ fault, run }): Struck => ({ cell: { target: "flow", fault, situation }, run })),
    ...childCells(
      parent,
      flows.map(({ fault }) => fault),
      situation,
    ),
  ];
}

const childCells = (
  parent: Parent,
  some: readonly Fault[],
  situation: Situation,
): readonly Struck[] =>
  some.map((fault) => ({ cell: { target: "child", fault, situation }, ...parent }));

/** Resolves when all pools are served again. */
async function strikeWorkers(arena: Arena, some: readonly Fault[]): Promise<void> {
  await Promise.all(some.map((fault) => strikeWorker(arena, fault)));
}

/** Resolves when the pool is served again. */
async function strikeWorker(arena: Arena, fault: Fault, it?: ProcessIdentity): Promise<void> {
  const pool = workerPool(fault);
  const victim = it ?? (await arena.worker(pool));
  await strike(victim, fault);
  const next = fault === "SIGSTOP" ? victim : await arena.worker(pool, victim);
  await arena.isReady(`worker@${pool}`, next);
}

async function strikeFlows(
  arena: Arena,
  { flows, parent }: Cast,
  some: readonly Fault[],
): Promise<void> {
  await Promise.all([
    ...flows.map(({ fault, run }) => strikeRun(arena, run, fault)),
    strikeChildren(parent.children, some),
  ]);
}

/** Each by another fault. */
async function strikeChildren(
  children: readonly ProcessIdentity[],
  some: readonly Fault[],
): Promise<void> {
  await Promise.all(
    some.map(async (fault, index) => {
      const child = children[index];
      if (child !== undefined) await strike(child, fault);
    }),
  );
}
