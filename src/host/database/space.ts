/** Whether a folder has room for what is about to be written. */
import { stat, statfs } from "node:fs/promises";
import { WorkFailure } from "./work-failure.ts";

/** For the file system's own books, and for what else is written meanwhile. */
const reserveBytes = 8 * 1024 * 1024;

const cure =
  "free some, keep fewer backups (jobs.backup.keep), or choose another jobs.backup.directory";

export async function needSpace(directory: string, bytes: number): Promise<void> {
  const free = await freeIn(directory);
  if (free >= bytes + reserveBytes) return;
  throw new WorkFailure(
    "space",
    `${directory} has ${megabytes(free)} left, and ${megabytes(bytes + reserveBytes)} are needed`,
    cure,
  );
}

/**
 * There was room when it began. To be asked for once the half copy is gone.
 * @param bytes what it takes, or what was written before it had to end
 */
export async function filledUp(
  directory: string,
  database: string,
  bytes = 0,
): Promise<WorkFailure> {
  const left = `${megabytes(await freeIn(directory))} are left without the half copy`;
  const needed = `${megabytes(bytes + reserveBytes)} are needed`;
  const what = `${directory} filled up while the database ${database} was copied`;
  return new WorkFailure("space", `${what}: ${needed}, and ${left}`, cure);
}

async function freeIn(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** With what has not been merged into it yet. */
export async function sizeOfDatabase(file: string): Promise<number> {
  const wal = await stat(`${file}-wal`).catch(() => undefined);
  return (await stat(file)).size + (wal?.size ?? 0);
}

export const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
