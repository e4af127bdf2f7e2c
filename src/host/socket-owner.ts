/** Which process holds a socket. Looks at every descriptor of every process: only once something is wrong. */
import { readdirSync, readlinkSync } from "node:fs";
import { allPids, isUnavailable } from "./processes.ts";

/** Undefined also if it is a process of another user, into which we may not look. */
export function findSocketOwner(inode: string): number | undefined {
  const link = `socket:[${inode}]`;
  for (const pid of allPids()) if (descriptorsOf(pid).includes(link)) return pid;
  return undefined;
}

function descriptorsOf(pid: number): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((fd) => readDescriptor(`${folder}/${fd}`) ?? []);
  } catch (error) {
    if (isUnavailable(error)) return [];
    throw error;
  }
}

function readDescriptor(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}
