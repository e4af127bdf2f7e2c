/**
 * Closes what whoever started the daemon left open: every child would inherit it, and a lock, a
 * port or a deleted file would be held for as long as any of them lives. Node opens all of its own
 * with O_CLOEXEC, by which they are told apart; it sets that at its start on inherited ones too,
 * but for the lowest numbers only.
 */
import { closeSync, readdirSync, readFileSync } from "node:fs";
import { errnoOf } from "./errno.ts";

const closeOnExec = 0o2_000_000;

/** To be called before anything else opens one. Returns the descriptors that it closed. */
export function closeInheritedDescriptors(
  keep: ReadonlySet<number> = new Set(),
): readonly number[] {
  const inherited = readdirSync("/proc/self/fd")
    .map(Number)
    .filter((fd) => fd > 2 && !keep.has(fd) && isInherited(fd));
  for (const fd of inherited) closeSync(fd);
  return inherited;
}

function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch (error) {
    // The descriptor by which the folder was listed.
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
