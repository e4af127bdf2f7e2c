/** The rows of the supervisor and of the server: one hit is felt in all situations at once. */
import type { ProcessIdentity } from "../../src/host/processes.ts";
import type { PoolPlan } from "../place.ts";
import { progress } from "../progress.ts";
import type { Arena } from "./arena.ts";
import type { Fault, Situation } from "./cells.ts";
import { type Observation, type Observations, observe, type Struck } from "./observation.ts";
import { busy, runningIn } from "./scene.ts";
import { strike } from "./strike.ts";

/** One stays without runs, one is full of them, and the worker of one is being restarted. */
const [idlePool, busyPool, restartedPool] = ["idle", "busy", "restarted"] as const;

export const supervisorArena: readonly PoolPlan[] = [idlePool, busyPool, restartedPool].map(
  (name) => ({ name, limit: null }),
);

type Target = "supervisor" | "server";

export async function strikeSupervisorAndServer(
  arena: Arena,
  some: readonly Fault[],
): Promise<Observations> {
  const seen = new Map<string, Observation>();
  const perform = async (scene: Promise<readonly Struck[]>): Promise<void> => {
    for (const [key, each] of await observe(arena, await scene)) seen.set(key, each);
  };
  for (const fault of some) {
    progress(`supervisor and server: ${fault}`);
    for (const target of ["server", "supervisor"] as const) {
      await perform(whileBusy(arena, target, fault));
      await perform(whileAdopting(arena, target, fault));
    }
    await perform(withoutServer(arena, fault));
  }
  return seen;
}

async function whileBusy(arena: Arena, target: Target, fault: Fault): Promise<readonly Struck[]> {
  const restarted = await runningIn(arena, restartedPool);
  const old = await arena.worker(restartedPool);
  const runs = await busy(arena, busyPool);
  const order = arena.sails.order("restart", `worker@${restartedPool}`).catch(() => undefined);
  await arena.gone(old);
  await strikeAndRecover(arena, target, fault);
  await order;
  const cell = (situation: Situation) => ({ target, fault, situation });
  return [
    { cell: cell("idle") },
    { cell: cell("claimed"), run: runs.claimed },
    { cell: cell("running"), run: runs.running },
    { cell: cell("cancelling"), run: runs.cancelling },
    { cell: cell("hot restart"), run: restarted },
  ];
}

async function whileAdopting(
  arena: Arena,
  target: Target,
  fault: Fault,
): Promise<readonly Struck[]> {
  const run = await runningIn(arena, busyPool);
  const dead = await arena.supervisor();
  await strike(dead, "SIGKILL");
  if (target === "supervisor") await arena.supervisor(dead);
  await strikeAndRecover(arena, target, fault);
  return [{ cell: { target, fault, situation: "adoption" }, run }];
}

async function withoutServer(arena: Arena, fault: Fault): Promise<readonly Struck[]> {
  const run = await runningIn(arena, busyPool);
  await arena.sails.order("stop", "server");
  await strike(await arena.supervisor(), fault);
  await arena.sails.until(({ supervisor }) => supervisor.phase === "running");
  await arena.sails.order("start", "server");
  return [{ cell: { target: "supervisor", fault, situation: "server away" }, run }];
}

/** Resolves when everything is ready once more. */
async function strikeAndRecover(arena: Arena, target: Target, fault: Fault): Promise<void> {
  const find = (but?: ProcessIdentity) =>
    target === "server" ? arena.server(but) : arena.supervisor(but);
  const victim = await find();
  await strike(victim, fault);
  if (fault !== "SIGSTOP") await find(victim);
  await arena.sails.until(({ ready }) => ready);
}
