/** Makes backups in a folder: each under its final name only once it is whole and on the disk. */
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type {
  Backup,
  DatabaseReply,
  DatabaseSource,
  DatabaseWork,
} from "../../prefect/ports-database.ts";
import { errnoOf } from "../errno.ts";
import { isGone, readStat } from "../processes.ts";
import {
  backupName,
  backupsIn,
  expired,
  parseBackupName,
  partName,
  timeAfter,
  writerOfPart,
} from "./backup-names.ts";
import { flush } from "./durable.ts";
import { dumpPostgres } from "./postgres.ts";
import { filledUp, megabytes, needSpace, sizeOfDatabase } from "./space.ts";
import { copySqlite } from "./sqlite-backup.ts";
import { failureOf, WorkFailure } from "./work-failure.ts";

type Step = (words: string) => void;

export async function takeBackups(
  { directory, keep, sources }: Extract<DatabaseWork, { kind: "backup" }>,
  step: Step,
): Promise<DatabaseReply> {
  await makeFolder(directory);
  await removeStaleParts(directory);
  const backups: Backup[] = [];
  const removed: string[] = [];
  const failures = [];
  for (const source of sources) {
    try {
      backups.push(await takeBackup(directory, source, step));
      removed.push(...(await rotate(directory, source.name, keep)));
    } catch (error) {
      const place = source.kind === "sqlite" ? source.file : `the database ${source.name}`;
      failures.push(failureOf(error, place));
    }
  }
  return { kind: "backed-up", backups, failures, removed };
}

export async function listBackups(directory: string): Promise<DatabaseReply> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  });
  const backups = await Promise.all(
    backupsIn(names).map(({ name }) => describe(join(directory, name))),
  );
  return { kind: "listed", backups };
}

/** Not the folders above it: where a volume is not mounted they would be made on another. */
async function makeFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return;
    if (errnoOf(error) !== "ENOENT") throw error;
    throw new WorkFailure(
      "other",
      `${directory} cannot be made, for the folder above it is not there`,
      "mount its volume, make the folder, or choose another jobs.backup.directory",
    );
  }
}

async function takeBackup(directory: string, source: DatabaseSource, step: Step): Promise<Backup> {
  const suffix = source.kind === "sqlite" ? "db" : "dump";
  const at = timeAfter(await readdir(directory), source.name, new Date());
  const name = backupName(source.name, at, suffix);
  const part = join(directory, partName(name, process.pid));
  const bytes = source.kind === "sqlite" ? await sizeOfDatabase(source.file) : undefined;
  if (bytes !== undefined) await needSpace(directory, bytes);
  await begin(part, directory);
  try {
    await copy(source, part, bytes, step);
    step("writing it to the disk");
    await flush(part);
    await rename(part, join(directory, name));
    await flush(directory);
  } catch (error) {
    const written = await stat(part).catch(() => undefined);
    for (const file of [part, `${part}-journal`, `${part}-wal`]) await rm(file, { force: true });
    if (failureOf(error, directory).reason !== "space") throw error;
    throw await filledUp(directory, source.name, bytes ?? written?.size);
  }
  return describe(join(directory, name));
}

/** What is wrong with the folder is not taken for a fault of the database. */
async function begin(part: string, directory: string): Promise<void> {
  try {
    await (await open(part, "wx", 0o600)).close();
  } catch (error) {
    const { reason, why, cure } = failureOf(error, directory);
    throw new WorkFailure(reason, why, cure);
  }
}

async function copy(
  source: DatabaseSource,
  part: string,
  bytes: number | undefined,
  step: Step,
): Promise<void> {
  if (source.kind === "sqlite") {
    step(`copying ${source.file}, ${megabytes(bytes ?? 0)}`);
    await copySqlite(source.file, part, step);
  } else {
    step(`dumping the database ${source.name}`);
    await dumpPostgres(source.connection, part);
  }
}

async function describe(file: string): Promise<Backup> {
  const parsed = parseBackupName(basename(file));
  const { size } = await stat(file);
  return {
    file,
    database: parsed?.database ?? "",
    takenAt: (parsed?.takenAt ?? new Date(0)).toISOString(),
    bytes: size,
  };
}

async function rotate(directory: string, database: string, keep: number): Promise<string[]> {
  const old = expired(await readdir(directory), database, keep).map((name) =>
    join(directory, name),
  );
  for (const file of old) await rm(file, { force: true });
  return old;
}

/** What a backup left that was killed. */
async function removeStaleParts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const writer = writerOfPart(name);
    const path = join(directory, name);
    if (writer !== undefined && !(await isBeingWritten(writer, path)))
      await rm(path, { force: true });
  }
}

const staleAfterMs = 24 * 3600 * 1000;

/** The pid may be another process's by now, or of another machine. */
async function isBeingWritten(writer: number, path: string): Promise<boolean> {
  const entry = await stat(path).catch(() => undefined);
  if (entry === undefined || Date.now() - entry.mtimeMs > staleAfterMs) return false;
  const process = readStat(writer);
  return process !== undefined && !isGone(process);
}
