/** Does one piece of work. What goes wrong is an answer, too. */
import { join } from "node:path";
import type { DatabaseReply, DatabaseWork } from "../../prefect/ports-database.ts";
import { backupName } from "./backup-names.ts";
import { dumpPostgres, loadPostgres } from "./postgres.ts";
import { stageBackup, swapDatabase, verifyFile } from "./restore.ts";
import { readRevision } from "./sqlite-file.ts";
import { listBackups, takeBackups } from "./take-backup.ts";
import { failureOf } from "./work-failure.ts";

export async function perform(
  work: DatabaseWork,
  step: (words: string) => void,
): Promise<DatabaseReply> {
  try {
    return await begin(work, step);
  } catch (error) {
    return failureOf(error, placeOf(work));
  }
}

async function begin(work: DatabaseWork, step: (words: string) => void): Promise<DatabaseReply> {
  switch (work.kind) {
    case "backup":
      return takeBackups(work, step);
    case "list":
      return listBackups(work.directory);
    case "verify":
      return { kind: "verified", contents: await verifyFile(work.file) };
    case "revision":
      return { kind: "revision", revision: readRevision(work.file) };
    case "stage":
      return stageBackup(work.file, work.database);
    case "swap":
      return swapDatabase(work.database);
    case "restore-postgres": {
      const kept = join(work.directory, backupName("before-restore", new Date(), "dump"));
      await dumpPostgres(work.connection, kept);
      await loadPostgres(work.connection, work.file);
      return { kind: "restored", kept };
    }
    default:
      return work satisfies never;
  }
}

function placeOf(work: DatabaseWork): string {
  if (work.kind === "swap") return work.database;
  return "file" in work ? work.file : work.directory;
}
