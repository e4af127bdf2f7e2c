/** Puts a backup in the place of an SQLite database; the former one stays beside it. */
import type { Stats } from "node:fs";
import { chmod, chown, link, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { DatabaseContents, DatabaseReply } from "../../prefect/ports-database.ts";
import { errnoOf } from "../errno.ts";
import { copyDurably, flush } from "./durable.ts";
import { readDump } from "./postgres.ts";
import { needSpace } from "./space.ts";
import { checkIntegrity, takeCensus } from "./sqlite-file.ts";
import { isBusy, WorkFailure } from "./work-failure.ts";

export async function verifyFile(file: string): Promise<DatabaseContents> {
  const format = await formatOf(file);
  switch (format) {
    case "sqlite":
      return verifySqlite(file);
    case "postgres":
      return readDump(file);
    case undefined:
      throw new WorkFailure(
        "verify",
        `${file} is no backup: it is neither an SQLite database nor a dump of PostgreSQL`,
        "`sails-supervisor backup list` shows the backups",
      );
    default:
      return format satisfies never;
  }
}

const stagedName = (database: string): string => `${database}.restoring`;

export async function stageBackup(file: string, database: string): Promise<DatabaseReply> {
  const { size } = await stat(file);
  await needSpace(dirname(database), size);
  const staged = stagedName(database);
  try {
    await copyDurably(file, staged);
    await chmod(staged, 0o600);
    await giveTo(staged, await stat(database).catch(() => stat(dirname(database))));
    // The copy is what will be in use.
    return { kind: "staged", contents: await verifySqlite(staged) };
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}

/**
 * At no moment a new database lies beside the log of the old one: that would be written into it. If
 * it is cut short anywhere, the old one is in its place or the new one is.
 */
export async function swapDatabase(database: string): Promise<DatabaseReply> {
  const isThere = (await stat(database).catch(() => undefined)) !== undefined;
  const kept = `${database}.before-restore-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
  if (isThere) {
    // What is no database at all, SQLite would take the log away from.
    if ((await formatOf(database)) === "sqlite") mergeLog(database);
    await keep(database, kept);
  }
  for (const suffix of ["-wal", "-shm"]) await moveIfThere(database + suffix, kept + suffix);
  await rename(stagedName(database), database);
  await flush(dirname(database));
  return { kind: "restored", kept: isThere ? kept : undefined };
}

/** Leaves the database as one file. That others have it open, SQLite tells by refusing this. */
function mergeLog(database: string): void {
  let opened: DatabaseSync | undefined;
  try {
    opened = new DatabaseSync(database, { timeout: 5_000 });
    opened.exec("PRAGMA journal_mode = DELETE");
  } catch (error) {
    if (isBusy(error)) {
      throw new WorkFailure(
        "other",
        `another process still has ${database} open, so it stays as it is`,
        `end that process (\`fuser ${database}\` shows it), then restore again`,
      );
    }
    // A damaged one is put aside as it is, with its log.
  } finally {
    opened?.close();
  }
}

/** What root restores, the server must be able to open all the same. */
async function giveTo(file: string, { uid, gid }: Stats): Promise<void> {
  if (process.getuid?.() === 0) await chown(file, uid, gid);
}

/** Under a second name first: the database is never without a file. */
async function keep(database: string, kept: string): Promise<void> {
  try {
    await link(database, kept);
  } catch (error) {
    if (errnoOf(error) !== "EPERM" && errnoOf(error) !== "ENOTSUP") throw error;
    await rename(database, kept);
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

async function formatOf(file: string): Promise<DatabaseContents["format"] | undefined> {
  await using handle = await open(file, "r");
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
  const head = buffer.subarray(0, bytesRead).toString("latin1");
  if (head === "SQLite format 3\0") return "sqlite";
  return head.startsWith("PGDMP") ? "postgres" : undefined;
}

async function verifySqlite(file: string): Promise<DatabaseContents> {
  const { size } = await stat(file);
  if (((await stat(`${file}-wal`).catch(() => undefined))?.size ?? 0) > 0) {
    throw new WorkFailure(
      "verify",
      `${file} has a log beside it (${file}-wal): it is a database in use, not a backup`,
      "`sails-supervisor backup` makes a backup of Prefect's",
    );
  }
  // Immutable: nothing is made beside it, and it may be on a medium that nobody can write to.
  const url = pathToFileURL(file);
  url.searchParams.set("immutable", "1");
  const database = new DatabaseSync(url, { readOnly: true });
  try {
    checkIntegrity(database, file);
    const { flowRuns, revision } = takeCensus(database);
    return { format: "sqlite", bytes: size, revision, flowRuns };
  } finally {
    database.close();
  }
}
