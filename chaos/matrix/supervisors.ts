/** The rows of the supervisor and of the server: one hit is felt in many situations at once. */
import type { ProcessIdentity } from "../../src/host/processes.ts";
import type { PoolPlan } from "../place.ts";
import { progress } from "../progress.ts";
import type { Arena } from "./arena.ts";
import { type Cell, expected, type Fault, type Situation } from "./cells.ts";
import { type Observation, type Observations, observe, type Struck } from "./observation.ts";
import { cancellingIn, claimedIn, runningIn } from "./scene.ts";
import { strike } from "./strike.ts";

/** One stays without runs, one is full of them, and the worker of one is being restarted. */
const [idlePool, busyPool, restartedPool] = ["idle", "busy", "restarted"] as const;

export const supervisorArena: readonly PoolPlan[] = [idlePool, busyPool, restartedPool].map(
  (name) => ({ name, limit: null }),
);

type Hit = Pick<Cell, "fault"> & { readonly target: "supervisor" | "server" };

export async function strikeSupervisorAndServer(
  arena: Arena,
  some: readonly Fault[],
): Promise<Observations> {
  const seen = new Map<string, Observation>();
  for (const fault of some) {
    for (const target of ["server", "supervisor"] as const) {
      progress(`${target}: ${fault}`);
      const struck = await strikeAgainAndAgain(arena, { target, fault });
      for (const [key, each] of await observe(arena, struck)) seen.set(key, each);
    }
  }
  return seen;
}

/** In all situations, one after the other where they exclude each other. A run that goes on is hit by all. */
async function strikeAgainAndAgain(arena: Arena, hit: Hit): Promise<readonly Struck[]> {
  const busy = await whileBusy(arena, hit);
  const cell = (situation: Situation): Cell => ({ ...hit, situation });
  const goesOn = (situation: Situation): boolean => {
    const it = expected(cell(situation));
    return it.kind === "fate" && it.fate === "Completed";
  };
  const survivor = async (situation: Situation): Promise<string> =>
    goesOn(situation) ? busy.running : runningIn(arena, busyPool);
  const adopted = await survivor("adoption");
  await whileAdopting(arena, hit);
  const struck: Struck[] = [
    { cell: cell("idle") },
    { cell: cell("claimed"), run: busy.claimed },
    { cell: cell("running"), run: busy.running },
    { cell: cell("cancelling"), run: busy.cancelling },
    { cell: cell("hot restart"), run: busy.restarted },
    { cell: cell("adoption"), run: adopted },
  ];
  if (hit.target === "server") return struck;
  const bereft = await survivor("server away");
  await withoutServer(arena, hit.fault);
  return [...struck, { cell: cell("server away"), run: bereft }];
}

async function whileBusy(
  arena: Arena,
  hit: Hit,
): Promise<Readonly<Record<"running" | "restarted" | "cancelling" | "claimed", string>>> {
  const [running, restarted, cancelling] = await Promise.all([
    runningIn(arena, busyPool),
    runningIn(arena, restartedPool),
    cancellingIn(arena, busyPool, "reluctant"),
  ]);
  const old = await arena.worker(restartedPool);
  const order = arena.sails.order("restart", `worker@${restartedPool}`).catch(() => undefined);
  await arena.gone(old);
  const claimed = await claimedIn(arena, busyPool);
  await strikeAndRecover(arena, hit);
  await order;
  return { running, restarted, cancelling, claimed };
}

async function whileAdopting(arena: Arena, hit: Hit): Promise<void> {
  const dead = await arena.supervisor();
  await strike(dead, "SIGKILL");
  if (hit.target === "supervisor") {
    await arena.supervisor(dead);
    // An order that nobody hears yet stops nothing.
    await arena.sails.until(() => true);
  }
  await strikeAndRecover(arena, hit);
}

async function withoutServer(arena: Arena, fault: Fault): Promise<void> {
  await arena.sails.order("stop", "server");
  const victim = await arena.supervisor();
  await strike(victim, fault);
  // One that stops everything in order runs on for a while.
  if (fault !== "SIGSTOP") await arena.supervisor(victim);
  await arena.sails.until(({ supervisor }) => supervisor.phase === "running");
  await arena.sails.order("start", "server");
}

/** Resolves when everything is ready once more. */
async function strikeAndRecover(arena: Arena, { target, fault }: Hit): Promise<void> {
  const find = (but?: ProcessIdentity) =>
    target === "server" ? arena.server(but) : arena.supervisor(but);
  const victim = await find();
  await strike(victim, fault);
  if (fault !== "SIGSTOP") await find(victim);
  await arena.sails.until(({ ready }) => ready);
}
