/** Which folders are in use, by the programs that processes were started with. */
import { allPids, commandLine } from "./processes.ts";

/** Those of `folders` below which the program, or the script that it runs, of a process lies. */
export function foldersInUse(folders: readonly string[]): ReadonlySet<string> {
  const used = new Set<string>();
  if (folders.length === 0) return used;
  for (const pid of allPids()) {
    const words = commandLine(pid)?.slice(0, 3) ?? [];
    for (const folder of folders) {
      if (words.some((word) => word.startsWith(`${folder}/`))) used.add(folder);
    }
  }
  return used;
}
