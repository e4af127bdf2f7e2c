/** Gets the peers; one that cannot be had says why. */
import { ours } from "./peers/ours.ts";
import type { Offer, Peer, PeerName } from "./peers/peer.ts";
import { pm2 } from "./peers/pm2.ts";
import { runit } from "./peers/runit.ts";
import { supervisord } from "./peers/supervisord.ts";
import { progress } from "./progress.ts";

const sources: Readonly<Record<PeerName, (signal: AbortSignal) => Promise<Peer>>> = {
  ours,
  runit,
  supervisord,
  pm2,
};

export async function offers(
  names: readonly PeerName[],
  signal: AbortSignal,
): Promise<readonly Offer[]> {
  const found: Offer[] = [];
  for (const name of names) {
    progress(`gets ${name}`);
    found.push(await offer(name, signal));
  }
  return found;
}

async function offer(name: PeerName, signal: AbortSignal): Promise<Offer> {
  try {
    return { kind: "ready", peer: await sources[name](signal) };
  } catch (error) {
    signal.throwIfAborted();
    // Without ours there is nothing to compare.
    if (name === "ours") throw error;
    const why = error instanceof Error ? error.message : String(error);
    progress(`${name} is left out: ${why}`);
    return { kind: "missing", name, why };
  }
}
