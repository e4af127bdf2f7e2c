/** Which processes are the peer's own, and whether they are still there. */
import { allPids, readStat } from "../src/host/processes.ts";

/** `root` and what it started, without the units and what those started. */
export function ownProcesses(root: number, units: ReadonlySet<number>): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of allPids()) {
    const parent = readStat(pid)?.parent;
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  const own = [root];
  // Grows while it is walked.
  for (const pid of own) {
    own.push(...(children.get(pid) ?? []).filter((child) => !units.has(child)));
  }
  return own;
}

/** A zombie has gone: that nobody has fetched its status yet is not the peer's doing. */
export function hasGone(pid: number): boolean {
  const state = readStat(pid)?.state;
  return state === undefined || state === "Z" || state === "X";
}
