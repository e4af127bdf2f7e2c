/**
 * `prefect deploy` sets a deployment going again and replaces its schedules. What of that was an
 * operator's choice, and what has to be put back. Pure; `deploy.ts` carries it out.
 */
import type { Deployment, DeploymentState, NewSchedule, Schedule } from "../api/declared.ts";
import type { DeploymentSource } from "./declared-files.ts";
import { ordered } from "./ledger.ts";
import type { DeploymentRecord, Kept, KeptSchedule } from "./ledger-file.ts";
import type { FileSchedule } from "./prefect-yaml.ts";
import { isOurSlug, isSameValue } from "./schedules.ts";

export type PutBack =
  | { readonly kind: "set-paused"; readonly paused: boolean }
  | { readonly kind: "create"; readonly schedule: NewSchedule }
  | { readonly kind: "set-active"; readonly id: string; readonly active: boolean }
  | { readonly kind: "delete"; readonly id: string };

/** What must survive the next `prefect deploy` of it. */
export function keep(
  entry: DeploymentSource,
  actual: Deployment,
  record: DeploymentRecord | undefined,
): Kept {
  const ofFileBefore = record?.schedules ?? adoptedSchedules(entry, actual);
  const isOperators = actual.paused !== (record?.paused ?? entry.paused);
  return {
    ...(isOperators ? { paused: actual.paused } : {}),
    schedules: actual.schedules.map((schedule) => keepSchedule(schedule, ofFileBefore)),
    fileSlugs: entry.schedules.flatMap(({ slug }) => (slug === undefined ? [] : [slug])),
  };
}

const keepSchedule = (
  schedule: Schedule,
  ofFileBefore: Readonly<Record<string, boolean>>,
): KeptSchedule => {
  const madeActive = ofFileBefore[schedule.id];
  return madeActive === undefined || isOurSlug(schedule.slug)
    ? { ...schedule, isFromFile: false }
    : { ...schedule, isFromFile: true, madeActive };
};

/** Of a deployment that somebody else has made: those that are as the file has them. */
export const adoptedSchedules = (
  entry: DeploymentSource,
  { schedules }: Deployment,
): Readonly<Record<string, boolean>> =>
  Object.fromEntries(
    schedules.flatMap((schedule) => {
      const declared = entry.schedules.find((each) => isOf(each, schedule));
      return declared === undefined ? [] : [[schedule.id, declared.active]];
    }),
  );

const isOf = ({ slug, rule }: FileSchedule, there: Schedule): boolean =>
  slug === undefined
    ? ["cron", "interval", "rrule"].some(
        (key) => rule[key] !== undefined && isSameValue(rule[key], there.schedule[key]),
      )
    : slug === there.slug;

/**
 * Prefect refuses schedules without slugs where all that are there have one: those go first, and
 * come back after.
 */
export const goFirst = (entry: DeploymentSource, { schedules }: Deployment): readonly Schedule[] =>
  entry.schedules.some(({ slug }) => slug === undefined) &&
  schedules.every(({ slug }) => hasSlug(slug))
    ? schedules
    : [];

const hasSlug = (slug: string | null | undefined): boolean =>
  slug !== undefined && slug !== null && slug !== "";

/** What is still missing of it; nothing once it is as it was. */
export function putBack(kept: Kept, now: DeploymentState): readonly PutBack[] {
  const steps: PutBack[] = [];
  if (kept.paused !== undefined && kept.paused !== now.paused) {
    steps.push({ kind: "set-paused", paused: kept.paused });
  }
  const free = new Set(now.schedules);
  for (const schedule of kept.schedules) {
    const there = [...free].find((each) => isSame(schedule, each));
    if (there !== undefined) free.delete(there);
    if (schedule.isFromFile) steps.push(...ofFile(schedule, there, kept));
    else if (there === undefined) steps.push({ kind: "create", schedule: again(schedule) });
    else if (there.active !== schedule.active) {
      steps.push({ kind: "set-active", id: there.id, active: schedule.active });
    }
  }
  return steps;
}

/** The file may have another rule for it by now; what an operator did is kept where it has not. */
function ofFile(
  { id, slug, active, madeActive }: KeptSchedule,
  there: Schedule | undefined,
  { fileSlugs }: Kept,
): readonly PutBack[] {
  if (there === undefined) return [];
  // Replaced are all or, where they have slugs, those of the same name.
  if (there.id === id && !fileSlugs.includes(slug ?? "")) return [{ kind: "delete", id }];
  return active !== madeActive && there.active !== active
    ? [{ kind: "set-active", id: there.id, active }]
    : [];
}

function isSame(kept: KeptSchedule, now: Schedule): boolean {
  if (kept.id === now.id) return true;
  if (hasSlug(kept.slug) || hasSlug(now.slug)) return kept.slug === now.slug;
  const content = ({ schedule, parameters }: Pick<Schedule, "schedule" | "parameters">) => {
    // Of one that the file gives no anchor, the anchor is the moment of the deploy.
    const { cron, interval, rrule } = schedule;
    return ordered([kept.isFromFile ? { cron, interval, rrule } : schedule, parameters]);
  };
  return content(kept) === content(now);
}

const again = ({ active, schedule, slug, parameters, ...rest }: KeptSchedule): NewSchedule => ({
  active,
  schedule,
  parameters,
  ...(hasSlug(slug) ? { slug: slug ?? null } : {}),
  ...(rest.max_scheduled_runs ? { max_scheduled_runs: rest.max_scheduled_runs } : {}),
});

/** Those that `prefect deploy` made or left as its own. Looked at before anything is put back. */
export function fileSchedules(kept: Kept, now: DeploymentState): Readonly<Record<string, boolean>> {
  const before = new Map(kept.schedules.map((schedule) => [schedule.id, schedule]));
  return Object.fromEntries(
    now.schedules.flatMap(({ id, active, slug }) => {
      const known = before.get(id);
      if (isOurSlug(slug) || known?.isFromFile === false) return [];
      return [[id, known?.madeActive ?? active]];
    }),
  );
}
