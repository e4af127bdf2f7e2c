/** All that runs in our systemd unit beside ourselves, in whatever cgroup of it, of whatever parent. */
import { allPids, identify, type ProcessIdentity, readProcess, readStat } from "./processes.ts";
import { isInUnit, type OwnUnit } from "./systemd-job.ts";

export function processesOfUnit(unit: OwnUnit): readonly ProcessIdentity[] {
  const ours = new Set(ancestors(process.pid));
  return [...allPids()].flatMap((pid) => {
    if (ours.has(pid)) return [];
    // The identity first: if the pid changes hands in between, the check before a signal sees it.
    const identity = identify(pid);
    const cgroup = readProcess(pid, "cgroup");
    return identity !== undefined && cgroup !== undefined && isInUnit(unit, cgroup)
      ? [identity]
      : [];
  });
}

/** The process itself, and the shell that may have started it. */
function* ancestors(pid: number): Generator<number> {
  for (let next = pid; next > 1; next = readStat(next)?.parent ?? 0) yield next;
}
