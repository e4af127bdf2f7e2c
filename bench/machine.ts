/** What the figures were taken on, and whether it was quiet. */
import { readlinkSync, statSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { allPids } from "../src/host/processes.ts";

export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly kernel: string;
}

export const describeMachine = (): Machine => ({
  cores: cpus().length,
  model: cpus()[0]?.model.trim() ?? "unknown",
  memoryGiB: Math.round(totalmem() / 1024 ** 3),
  kernel: release(),
});

/** Of the last minute. */
export const load = (): number => loadavg()[0] ?? 0;

/** Others that run `program` share its pages with what is measured, whose PSS is smaller for that. */
export function countRunning(program: string): number {
  const { dev, ino } = statSync(program);
  return [...allPids()].filter((pid) => {
    const file = executableOf(pid);
    const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
    return stat?.dev === dev && stat.ino === ino;
  }).length;
}

function executableOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    // It is the kernel's, another user's, or has just gone.
    return undefined;
  }
}
