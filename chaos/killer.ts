/** Kills the supervisor, a worker or the server, whatever it is doing. */
import { setTimeout as sleep } from "node:timers/promises";
import { signalProcess } from "../src/host/signals.ts";
import { between, type Dice, pick, pickWeighted } from "./dice.ts";
import type { Installation, VictimKind } from "./installation.ts";
import { describe, processesOf } from "./processes.ts";
import type { Progress } from "./progress.ts";

export interface Killer {
  readonly installation: Installation;
  readonly home: string;
  readonly dice: Dice;
  readonly everyMs: number;
  /** Milliseconds that are left for it. */
  readonly left: () => number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Whoever has no supervisor is spared its share: workers and server die alike everywhere. */
const weights: readonly (readonly [VictimKind, number])[] = [
  ["supervisor", 2],
  ["worker", 3],
  ["server", 1],
];

export type Kills = Record<VictimKind, number>;

/** Resolves when the time is over. */
export async function killAtRandom(killer: Killer): Promise<Kills> {
  const { installation, home, dice, everyMs, left, progress, signal } = killer;
  const kills: Kills = { supervisor: 0, worker: 0, server: 0 };
  for (;;) {
    const waitMs = between(dice, everyMs / 2, everyMs * 1.5);
    if (waitMs >= left()) return kills;
    await sleep(waitMs, undefined, { signal });
    const kind = pickWeighted(dice, weights);
    const victim = kind && pick(dice, find(kind, installation, home));
    // What waits for its next start cannot be killed.
    if (kind === undefined || victim === undefined) continue;
    if (signalProcess(victim.pid, "SIGKILL") !== "sent") continue;
    kills[kind] += 1;
    progress(`killed ${victim.name}, process ${victim.pid}`, "kill");
  }
}

interface Victim {
  readonly name: string;
  readonly pid: number;
}

function find(kind: VictimKind, installation: Installation, home: string): readonly Victim[] {
  if (kind === "supervisor") {
    const pid = installation.supervisorPid();
    return pid === undefined ? [] : [{ name: "the supervisor", pid }];
  }
  return processesOf(home)
    .filter((process) => process.kind === kind)
    .map((process) => ({ name: describe(process), pid: process.pid }));
}
