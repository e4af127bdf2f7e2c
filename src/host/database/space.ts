/** Whether a folder has room for what is about to be written. */
import { stat, statfs } from "node:fs/promises";
import { WorkFailure } from "./work-failure.ts";

/** For the file system's own books, and for what else is written meanwhile. */
const reserveBytes = 8 * 1024 * 1024;

export async function needSpace(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= bytes + reserveBytes) return;
  throw new WorkFailure(
    "space",
    `${directory} has ${megabytes(free)} left, and ${megabytes(bytes + reserveBytes)} are needed`,
    "free some, keep fewer backups (jobs.backup.keep), or choose another jobs.backup.directory",
  );
}

/** With what has not been merged into it yet. */
export async function sizeOfDatabase(file: string): Promise<number> {
  const wal = await stat(`${file}-wal`).catch(() => undefined);
  return (await stat(file)).size + (wal?.size ?? 0);
}

export const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
