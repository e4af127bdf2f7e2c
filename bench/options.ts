/** What is measured, and how often: from the command line. */
import { parseArgs } from "node:util";
import { type PeerName, peerNames } from "./peers/peer.ts";

export interface Options {
  readonly only: readonly PeerName[];
  readonly json: string | undefined;
  readonly sizes: Sizes;
}

export interface Sizes {
  readonly rounds: number;
  readonly killsPerRound: number;
  readonly idleMs: number;
  readonly scales: readonly Scale[];
}

export interface Scale {
  readonly units: number;
  /** How often it is started and stopped. */
  readonly starts: number;
  readonly kills: number;
  readonly peers: readonly PeerName[];
}

export const usage = `usage: npm run bench -- [--quick] [--only ours,runit] [--all] [--json FILE]
Measures this supervisor beside ${peerNames.slice(1).join(", ")}, which it installs into .tools/bench.
  --quick       20 kills, 10 s of idling, no 1,000 units
  --only PEERS  of ${peerNames.join(", ")}
  --all         1,000 units with every peer, not only with ours and runit
  --json FILE   all figures, for programs`;

/** Undefined: only the usage was asked for. Throws on what it does not know. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      only: { type: "string" },
      json: { type: "string" },
    },
  });
  if (values.help) return undefined;
  const only = values.only === undefined ? peerNames : values.only.split(",").map(toPeerName);
  return { only, json: values.json, sizes: values.quick ? quick : full(values.all) };
}

const quick: Sizes = {
  rounds: 2,
  killsPerRound: 10,
  idleMs: 10_000,
  scales: [{ units: 100, starts: 1, kills: 10, peers: peerNames }],
};

const full = (isAll: boolean): Sizes => ({
  rounds: 5,
  killsPerRound: 20,
  idleMs: 30_000,
  scales: [
    { units: 100, starts: 3, kills: 20, peers: peerNames },
    { units: 1_000, starts: 3, kills: 20, peers: isAll ? peerNames : ["ours", "runit"] },
  ],
});

function toPeerName(text: string): PeerName {
  const name = peerNames.find((one) => one === text);
  if (name === undefined) throw new Error(`${text} is none of ${peerNames.join(", ")}`);
  return name;
}
