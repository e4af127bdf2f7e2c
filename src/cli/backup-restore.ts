/** `backup restore FILE`. */
import type { Answer } from "../control/client.ts";
import { describeBackup } from "./backup-verify.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { type Access, accessDatabase, type BackupOptions, sayStep } from "./database-access.ts";
import { exitStatus } from "./exit-status.ts";
import { findBackup } from "./find-backup.ts";
import { followJob, tellEnd } from "./follow-job.ts";
import { count } from "./look.ts";

export interface RestoreOptions extends BackupOptions {
  readonly yes?: boolean;
  /** Also while flow runs are under way here. */
  readonly force?: boolean;
}

export async function restoreBackup(
  context: Context,
  name: string,
  options: RestoreOptions,
): Promise<number> {
  const { signal } = new AbortController();
  const access = await accessDatabase(context, options, signal);
  if (access.kind === "none") return access.status;
  try {
    return await restoreBy(access, context, name, options, signal);
  } finally {
    if (access.kind === "offline") access.database[Symbol.dispose]();
  }
}

async function restoreBy(
  access: Exclude<Access, { kind: "none" }>,
  context: Context,
  name: string,
  options: RestoreOptions,
  signal: AbortSignal,
): Promise<number> {
  const step = (words: string): void => void sayStep(context, options, words);
  const file = await findBackup(access, name, context.cwd, signal);
  step(`checking ${file}`);
  const answer =
    access.kind === "daemon"
      ? await access.client.verifyBackup(file, signal)
      : ({ kind: "answered", value: await access.database.verify(file) } as const);
  if (answer.kind !== "answered") return complainOf(context, answer);
  if (answer.value.kind === "refused") {
    await complain(context, answer.value.why, answer.value.cure ?? undefined);
    return exitStatus.failed;
  }
  const asked = await askLiving(access, signal);
  if (asked.kind !== "answered") return complainOf(context, asked);
  const living = asked.value;
  if (!options.json) {
    const lines = [describeBackup(answer.value), ...consequences(access, living)];
    await context.err.write(lines.map((line) => `${line}\n`).join(""));
  }
  if (!(await isWanted(context, options, living))) return exitStatus.failed;
  if (access.kind === "offline") {
    const end = await access.database.restore(file, step);
    const status = await tellEnd(context, "restore", end, options);
    if (!options.json) await context.err.write("No daemon runs, so nothing was started.\n");
    return status;
  }
  const ordered = await access.client.restoreBackup(file, signal);
  const followed = await followJob(context, access.client, ordered, step);
  return followed.kind === "none"
    ? followed.status
    : tellEnd(context, "restore", followed.end, options);
}

/** The names, or else the ids, of flow runs that are under way here. */
async function askLiving(
  access: Exclude<Access, { kind: "none" }>,
  signal: AbortSignal,
): Promise<Answer<readonly string[]>> {
  if (access.kind === "offline") return { kind: "answered", value: access.database.living };
  const runs = await access.client.runs(signal);
  if (runs.kind !== "answered") return runs;
  return { ...runs, value: runs.value.runs.map(({ name, id }) => name ?? id) };
}

/** What becomes of everything else. */
function consequences({ kind }: Access, runs: readonly string[]): readonly string[] {
  const kept = "- The database as it is now is kept beside the new one.";
  return [
    "This puts it in the place of the database:",
    ...(kind === "offline"
      ? []
      : ["- Workers and server are stopped, and started again after it."]),
    ...(runs.length === 0
      ? []
      : [
          `- ${underWay(runs)}. They go on, and wait for the server.`,
          "  What the backup does not know of them fails when it reports to Prefect next.",
        ]),
    "- Flow runs that were running when it was made, and have ended since, become Crashed.",
    kept,
  ];
}

const mostNames = 10;

function underWay(runs: readonly string[]): string {
  const names = runs.slice(0, mostNames);
  const more = runs.length > mostNames ? `, and ${runs.length - mostNames} more` : "";
  const are = runs.length === 1 ? "is" : "are";
  return `${count(runs.length, "flow run")} ${are} under way here: ${names.join(", ")}${more}`;
}

/** Who says yes to everything has not seen what it costs now. */
async function isWanted(
  context: Context,
  { yes, force, json }: RestoreOptions,
  living: readonly string[],
): Promise<boolean> {
  if (yes && (living.length === 0 || force)) return true;
  if (yes) {
    await complain(
      context,
      `nothing was done, for ${underWay(living)}`,
      "wait until they have ended (`sails-supervisor drain all`), or say --force, too",
    );
    return false;
  }
  if (!context.err.isTerminal || json) {
    const words = living.length === 0 ? "--yes" : "--yes --force";
    await complain(
      context,
      "nothing was done, for nobody could be asked",
      `run it again with ${words}`,
    );
    return false;
  }
  return context.confirm("Go on?");
}
