/** `backup verify FILE`. */
import { formatBytes } from "../control/bytes.ts";
import type { VerifyResult } from "../control/control-plane.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { accessDatabase, type BackupOptions, sayStep } from "./database-access.ts";
import { exitStatus } from "./exit-status.ts";
import { findBackup } from "./find-backup.ts";
import { asJson } from "./json.ts";

export async function verifyBackup(
  context: Context,
  name: string,
  options: BackupOptions,
): Promise<number> {
  const { signal } = new AbortController();
  const access = await accessDatabase(context, options, signal);
  if (access.kind === "none") return access.status;
  const file = await findBackup(access, name, context.cwd, signal);
  await sayStep(context, options, `checking ${file}`);
  const answer =
    access.kind === "daemon"
      ? await access.client.verifyBackup(file, signal)
      : ({ kind: "answered", value: await access.database.verify(file) } as const);
  if (access.kind === "offline") access.database[Symbol.dispose]();
  if (answer.kind !== "answered") return complainOf(context, answer);
  const result = answer.value;
  if (options.json) await context.out.write(asJson(result));
  else if (result.kind === "done") await context.out.write(`${describeBackup(result)}\n`);
  else await complain(context, result.why, result.cure ?? undefined);
  return result.kind === "done" ? exitStatus.done : exitStatus.notAsAsked;
}

export function describeBackup(result: Extract<VerifyResult, { kind: "done" }>): string {
  const { file, bytes, flowRuns, revision } = result;
  const runs = flowRuns === null ? "" : `, ${flowRuns} flow runs`;
  return `${file} is intact: ${formatBytes(bytes)}${runs}, revision ${revision ?? "not known"}`;
}
