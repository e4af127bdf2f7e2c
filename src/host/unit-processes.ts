/** All that runs in our systemd unit beside ourselves, in whatever cgroup of it, of whatever parent. */
import { type FoundProcess, findProcesses, isThere, readProcess, readStat } from "./processes.ts";
import { isInUnit, type OwnUnit } from "./systemd-job.ts";

export function processesOfUnit(unit: OwnUnit): readonly FoundProcess[] {
  const ours = new Set(ancestors(process.pid));
  return findProcesses((found) => {
    const cgroup = ours.has(found.pid) ? undefined : readProcess(found.pid, "cgroup");
    return cgroup !== undefined && isInUnit(unit, cgroup) && isThere(found);
  });
}

/** The process itself, and the shell that may have started it. */
function* ancestors(pid: number): Generator<number> {
  for (let next = pid; next > 1; next = readStat(next)?.parent ?? 0) yield next;
}
