/** Lets all peers do the same in turns, so that what else the machine does hits all alike. */
import { type Idle, idle } from "./idle.ts";
import { kill } from "./kills.ts";
import type { Scale, Sizes } from "./options.ts";
import type { Peer, PeerName } from "./peers/peer.ts";
import { progress } from "./progress.ts";
import { type Trial, trial } from "./trial.ts";

/** Of one peer with so many units. */
export interface Result {
  readonly peer: PeerName;
  readonly units: number;
  readonly startMs: number[];
  readonly stopMs: number[];
  /** Of each start, the kills in their order: the first finds code that has not run yet. */
  readonly killMs: (readonly number[])[];
  idle: Idle | undefined;
  /** Why there is no more. */
  failure: string | undefined;
}

/** What hosts of these supervisors have: four units. */
const few = 4;

export async function contest(
  peers: readonly Peer[],
  sizes: Sizes,
  signal: AbortSignal,
): Promise<readonly Result[]> {
  const { rounds, killsPerRound: kills, idleMs } = sizes;
  const usual: Scale = { units: few, starts: rounds, kills, peers: peers.map(({ name }) => name) };
  const results: Result[] = [];
  for (const scale of [usual, ...sizes.scales]) {
    results.push(...(await contestAt(scale, peers, idleMs, signal)));
  }
  return results;
}

async function contestAt(
  scale: Scale,
  peers: readonly Peer[],
  idleMs: number,
  signal: AbortSignal,
): Promise<readonly Result[]> {
  const entrants = peers
    .filter(({ name }) => scale.peers.includes(name))
    .map((peer) => ({ peer, result: emptyResult(peer.name, scale.units) }));
  for (let round = 0; round < scale.starts; round += 1) {
    for (const { peer, result } of rotated(entrants, round)) {
      if (result.failure !== undefined) continue;
      progress(`${peer.name}, ${scale.units} units, ${round + 1} of ${scale.starts}`);
      const isLast = round === scale.starts - 1;
      await enter(peer, result, { ...scale, idleMs: isLast ? idleMs : undefined }, signal);
    }
  }
  return entrants.map(({ result }) => result);
}

async function enter(
  peer: Peer,
  result: Result,
  {
    units,
    kills,
    idleMs,
  }: Pick<Scale, "units" | "kills"> & { readonly idleMs: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  try {
    const done: Trial<void> = await trial(peer, units, signal, async (running) => {
      // Before the kills: idle as it is after a start, which is how it mostly is.
      if (idleMs !== undefined) result.idle = await idle(idleMs, running);
      result.killMs.push(await kill(kills, running));
    });
    result.startMs.push(done.startMs);
    result.stopMs.push(done.stopMs);
  } catch (error) {
    signal.throwIfAborted();
    result.failure = error instanceof Error ? error.message : String(error);
    progress(`${peer.name}: ${result.failure}`);
  }
}

const emptyResult = (peer: PeerName, units: number): Result => ({
  peer,
  units,
  startMs: [],
  stopMs: [],
  killMs: [],
  idle: undefined,
  failure: undefined,
});

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const first = by % Math.max(1, items.length);
  return [...items.slice(first), ...items.slice(0, first)];
}
