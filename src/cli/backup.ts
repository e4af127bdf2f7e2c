/** `backup`: now. */
import type { Context } from "./context.ts";
import { accessDatabase, type BackupOptions, sayStep } from "./database-access.ts";
import { followJob, tellEnd } from "./follow-job.ts";

export async function backUp(context: Context, options: BackupOptions): Promise<number> {
  const { signal } = new AbortController();
  const access = await accessDatabase(context, options, signal);
  const step = (words: string): void => void sayStep(context, options, words);
  switch (access.kind) {
    case "none":
      return access.status;
    case "offline": {
      using database = access.database;
      return tellEnd(context, "backup", await database.backup(step), options);
    }
    case "daemon": {
      const ordered = await access.client.runJob("backup", signal);
      const followed = await followJob(context, access.client, ordered, step);
      return followed.kind === "none"
        ? followed.status
        : tellEnd(context, "backup", followed.end, options);
    }
    default:
      return access satisfies never;
  }
}
