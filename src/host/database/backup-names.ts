/** How backups are called: their names sort by time, and tell whose they are. */

export interface BackupName {
  readonly name: string;
  readonly database: string;
  readonly takenAt: Date;
}

export type BackupSuffix = "db" | "dump";

const pattern = /^(.+)-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z\.(db|dump)$/;

/** `prefect-2026-11-25T03-17-00Z.db`: colons would be trouble on some file systems. */
export function backupName(database: string, takenAt: Date, suffix: BackupSuffix): string {
  const stamp = takenAt.toISOString().slice(0, 19).replaceAll(":", "-");
  return `${database}-${stamp}Z.${suffix}`;
}

export function parseBackupName(name: string): BackupName | undefined {
  const [, database, day, hour, minute, second] = pattern.exec(name) ?? [];
  if (database === undefined) return undefined;
  const takenAt = new Date(`${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(takenAt.getTime()) ? undefined : { name, database, takenAt };
}

/** The newest first. */
export const backupsIn = (names: readonly string[]): readonly BackupName[] =>
  names
    .map(parseBackupName)
    .filter((one) => one !== undefined)
    .toSorted(
      (one, other) =>
        other.takenAt.getTime() - one.takenAt.getTime() || one.name.localeCompare(other.name),
    );

/** Those of this database beyond the newest `keep`. */
export const expired = (
  names: readonly string[],
  database: string,
  keep: number,
): readonly string[] =>
  backupsIn(names)
    .filter((backup) => backup.database === database)
    .slice(keep)
    .map(({ name }) => name);

/**
 * Now, or as soon after that as it takes for the next backup to be the newest: two may come in one
 * second. What bears a time far ahead, a wrong clock has made.
 */
export function timeAfter(names: readonly string[], database: string, now: Date): Date {
  const newest = backupsIn(names).find((backup) => backup.database === database);
  const ahead = (newest?.takenAt.getTime() ?? 0) - Math.floor(now.getTime() / 1000) * 1000;
  return ahead < 0 || ahead > 60_000 ? now : new Date(now.getTime() + ahead + 1000);
}

/** Of a backup that is not done: hidden, so that nobody takes it for one. */
export const partName = (name: string, pid: number): string => `.${name}.${pid}.part`;

/** Who was writing it, if it is the part of a backup, or what SQLite keeps beside one. */
export function writerOfPart(name: string): number | undefined {
  const [, backup = "", pid] = /^\.(.+)\.(\d+)\.part(?:-journal|-wal|-shm)?$/.exec(name) ?? [];
  return parseBackupName(backup) === undefined ? undefined : Number(pid);
}
