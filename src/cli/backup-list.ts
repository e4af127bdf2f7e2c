/** `backup list`. */
import { basename } from "node:path";
import { formatBytes } from "../control/bytes.ts";
import type { BackupList } from "../control/status.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { accessDatabase, type BackupOptions } from "./database-access.ts";
import { exitStatus } from "./exit-status.ts";
import { askBackups } from "./find-backup.ts";
import { asJson } from "./json.ts";
import { gap, spanSince } from "./look.ts";
import { oneLine, padEnd, textWidth } from "./text-width.ts";

export async function listBackups(context: Context, options: BackupOptions): Promise<number> {
  const { signal } = new AbortController();
  const access = await accessDatabase(context, options, signal);
  if (access.kind === "none") return access.status;
  const answer = await askBackups(access, signal);
  if (access.kind === "offline") access.database[Symbol.dispose]();
  if (answer.kind !== "answered") return complainOf(context, answer);
  const found = answer.value;
  if (found.kind === "failed") {
    await complain(context, found.why);
    return exitStatus.failed;
  }
  const { version, directory, backups } = found;
  await context.out.write(
    options.json ? asJson({ version, directory, backups }) : textOf(found, new Date()),
  );
  return exitStatus.done;
}

function textOf({ directory, backups }: BackupList, now: Date): string {
  if (backups.length === 0) return `There are no backups in ${directory}.\n`;
  const names = backups.map(({ file }) => oneLine(basename(file)));
  const width = Math.max("BACKUP".length, ...names.map(textWidth));
  const rows = backups.map(({ takenAt, bytes }, index) => [
    padEnd(names[index] ?? "", width),
    padEnd(formatBytes(bytes), 9),
    `${spanSince(takenAt, now)} ago`,
  ]);
  const titles = [padEnd("BACKUP", width), padEnd("SIZE", 9), "TAKEN"];
  const lines = [titles, ...rows].map((row) => `${row.join(gap)}\n`).join("");
  return `${lines}\nEach passed its check when it was made. They are in ${directory}.\n`;
}
