/** What a supervisor must offer to be measured, and what it is given for that. */

export const peerNames = ["ours", "runit", "supervisord", "pm2"] as const;
export type PeerName = (typeof peerNames)[number];

export interface Peer {
  readonly name: PeerName;
  readonly version: string;
  /** What it was set to. */
  readonly settings: string;
  /** Writes what it reads. Not measured. */
  readonly prepare: (ground: Ground) => Promise<void>;
  /** Starts it; resolves when its process is known, its units may still start. */
  readonly launch: (ground: Ground) => Promise<Launched>;
}

/** A peer that cannot be had is shown as such, not left out. */
export type Offer =
  | { readonly kind: "ready"; readonly peer: Peer }
  | { readonly kind: "missing"; readonly name: PeerName; readonly why: string };

export interface Ground {
  /** The peer's own, empty at first, and gone afterwards. */
  readonly folder: string;
  readonly units: readonly Unit[];
  /** The whole environment of the peer. */
  readonly env: Readonly<Record<string, string>>;
  /** The part of it that must reach the units. */
  readonly mark: Readonly<Record<string, string>>;
  /** Takes what the peer itself says. */
  readonly log: string;
  readonly signal: AbortSignal;
}

export interface Unit {
  readonly name: string;
  /** A script that needs no arguments: each peer starts it by itself, without a shell in between. */
  readonly script: string;
}

export interface Launched {
  /** The process that all others of the peer come from. */
  readonly pid: number;
  /** Asks it to stop with all units; that may take longer than the asking. */
  readonly stop: () => Promise<void>;
}
