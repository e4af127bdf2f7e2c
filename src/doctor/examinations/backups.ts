/** Whether there is a backup to go back to. */
import { join } from "node:path";
import * as z from "zod";
import { serverDatabase } from "../../prefect/database/place.ts";
import { formatSpan, ms } from "../../supervision/time.ts";
import { type Examination, seenOf } from "../examination.ts";
import type { Finding } from "../finding.ts";

export const backups: Examination = {
  name: "backups",
  finds:
    "backups fail, are too old, have never been tried, or are not made at all of a database that is weeks old",
  examine: async ({ config, eyes, now }) => {
    const database = serverDatabase(config);
    if (database === undefined) return [];
    const { cron, directory } = config.jobs.backup;
    const file = database.kind === "sqlite" ? database.file : undefined;
    const [state, entry, names] = await Promise.all([
      eyes.read(join(config.stateDir, "state.json")),
      file === undefined ? undefined : eyes.entry(file),
      eyes.matching(directory, `${database.name}-*Z.*`),
    ]);
    const remembered = rememberedIn(seenOf(state) ?? "");
    return judgeBackups({
      job: remembered?.jobs.backup,
      provenAt: provenAt(remembered),
      isScheduled: cron !== undefined,
      directory,
      bornAt: entry === undefined ? undefined : seenOf(entry)?.bornAt,
      takenAt: newestOf(seenOf(names) ?? []),
      now,
    });
  },
};

export interface BackupFacts {
  readonly job: RememberedBackup | undefined;
  /** When a backup was last verified by order, or restored. */
  readonly provenAt: Date | undefined;
  readonly isScheduled: boolean;
  readonly directory: string;
  /** When the database was begun; undefined where the file system does not know. */
  readonly bornAt: Date | undefined;
  /** The newest one that lies there. */
  readonly takenAt: Date | undefined;
  readonly now: Date;
}

const day = 86_400_000;
/** Of a database without any backup. */
const graceMs = 7 * day;
/** Whatever its times are: the rarest that anybody means is weekly, and one may be missed. */
const oldMs = 15 * day;
/** Within which somebody should have tried one. */
const provenMs = 90 * day;

export function judgeBackups(facts: BackupFacts): readonly Finding[] {
  const { job, provenAt: proven, isScheduled, directory, bornAt, takenAt, now } = facts;
  const found: Finding[] = [];
  if (job?.last?.reason !== undefined) {
    found.push({
      id: "backups:failed",
      severity: "fault",
      what: `the last backup failed: ${job.last.message}`,
      why: "if the database is lost now, so is all that came after the one before",
      cure: `${job.last.cure ?? "cure what it says"}; then \`sails-supervisor backup\` tries it again`,
    });
  }
  const age = takenAt === undefined ? undefined : now.getTime() - takenAt.getTime();
  const due = job?.next === undefined ? 0 : now.getTime() - job.next.getTime();
  if (isScheduled && ((age !== undefined && age > oldMs) || due > day)) {
    found.push({
      id: "backups:old",
      severity: "warning",
      what:
        age === undefined
          ? `no backup lies in ${directory}, and one has been due for ${formatSpan(ms(due))}`
          : `the newest backup in ${directory} is ${formatSpan(ms(age))} old`,
      why: "what came after it would be lost with the database",
      cure: "`sails-supervisor backup` makes one now; `sails-supervisor status` shows when the next one is due",
    });
  }
  const isOld = bornAt !== undefined && now.getTime() - bornAt.getTime() > graceMs;
  if (isOld && takenAt === undefined && found.length === 0) {
    found.push({
      id: "backups:none",
      severity: "warning",
      what: `the database is ${formatSpan(ms(now.getTime() - bornAt.getTime()))} old, and no backup of it lies in ${directory}`,
      why: "a disk that fails, or an upgrade that goes wrong, takes all runs, schedules and pools with it",
      cure: isScheduled
        ? "`sails-supervisor backup` makes one now"
        : 'set `jobs: {backup: {cron: "17 3 * * *", directory: FOLDER}}` with a folder on another disk, then `sails-supervisor reload`; `sails-supervisor backup` makes one now',
    });
  }
  const lives = bornAt === undefined ? 0 : now.getTime() - bornAt.getTime();
  const unproven = now.getTime() - (proven ?? bornAt ?? now).getTime();
  if (takenAt !== undefined && lives > provenMs && unproven > provenMs) {
    found.push({
      id: "backups:unproven",
      severity: "note",
      what: `no backup has been verified or restored by hand for ${formatSpan(ms(unproven))}`,
      why: "each is checked when it is made; what happens to its disk afterwards, only a look at the file tells",
      cure: "`sails-supervisor backup list` names them, `sails-supervisor backup verify FILE` reads one to its end",
    });
  }
  return found;
}

const time = z.iso.datetime().transform((text) => new Date(text));
const jobShape = z.object({
  next: time.optional(),
  last: z
    .object({ reason: z.string().optional(), message: z.string(), cure: z.string().optional() })
    .optional(),
});
export type RememberedBackup = z.infer<typeof jobShape>;

const stateShape = z.object({
  jobs: z.object({
    backup: jobShape.optional().catch(undefined),
    restore: z.object({ lastSuccess: time.optional() }).optional().catch(undefined),
  }),
  backupVerified: time.optional().catch(undefined),
});
type Remembered = z.infer<typeof stateShape>;

function provenAt(remembered: Remembered | undefined): Date | undefined {
  const times = [remembered?.backupVerified, remembered?.jobs.restore?.lastSuccess];
  const known = times.flatMap((each) => each?.getTime() ?? []);
  return known.length === 0 ? undefined : new Date(Math.max(...known));
}

/** As the daemon left it, so that none has to run. */
function rememberedIn(state: string): Remembered | undefined {
  try {
    return stateShape.safeParse(JSON.parse(state)).data;
  } catch {
    return undefined;
  }
}

/** Backups bear their time in their names. */
export function newestOf(names: readonly string[]): Date | undefined {
  const times = names.flatMap((name) => {
    const [, date, hour, minute, second] =
      /-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z\.(?:db|dump)$/.exec(name) ?? [];
    return date === undefined ? [] : [Date.parse(`${date}T${hour}:${minute}:${second}Z`)];
  });
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
