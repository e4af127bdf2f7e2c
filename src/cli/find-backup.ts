/** The backups as the daemon or the folder tells of them. */
import { basename, resolve } from "node:path";
import type { Answer } from "../control/client.ts";
import type { BackupsResult } from "../control/control-plane.ts";
import type { Access } from "./database-access.ts";

type Reached = Exclude<Access, { kind: "none" }>;

export const askBackups = async (
  access: Reached,
  signal: AbortSignal,
): Promise<Answer<BackupsResult>> =>
  access.kind === "daemon"
    ? access.client.backups(signal)
    : { kind: "answered", value: await access.database.list() };

/** A bare name is one in the folder of backups, if there is one of that name. */
export async function findBackup(
  access: Reached,
  file: string,
  cwd: string,
  signal: AbortSignal,
): Promise<string> {
  if (file.includes("/")) return resolve(cwd, file);
  const answer = await askBackups(access, signal);
  const backups =
    answer.kind === "answered" && answer.value.kind === "done" ? answer.value.backups : [];
  return backups.find((backup) => basename(backup.file) === file)?.file ?? resolve(cwd, file);
}
