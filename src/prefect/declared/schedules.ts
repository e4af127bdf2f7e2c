/**
 * Schedules of our configuration. Each carries a slug that says whose it is: what has another slug,
 * or none, is an operator's, and is never touched. Nor is whether one of ours sleeps.
 */
import type { ScheduleConfig } from "../../config/config.ts";
import type { Deployment, MadeSchedule, NewSchedule } from "../api/client.ts";

export interface SchedulePlan {
  readonly steps: readonly ScheduleStep[];
  /** Schedules for a deployment that does not exist. */
  readonly withoutDeployment: readonly string[];
}

export type ScheduleStep = { readonly deployment: Deployment } & (
  | { readonly kind: "create"; readonly schedules: readonly NewSchedule[] }
  | { readonly kind: "change"; readonly made: MadeSchedule; readonly to: NewSchedule["schedule"] }
  | { readonly kind: "remove"; readonly made: MadeSchedule }
);

/** @param isDeclared whether a deployment is one of those that the configuration declares */
export function planSchedules(
  declared: readonly ScheduleConfig[],
  actual: readonly Deployment[],
  isDeclared: (deployment: Deployment) => boolean,
): SchedulePlan {
  const wanted = new Map(Object.entries(Object.groupBy(declared, ({ deployment }) => deployment)));
  const steps = actual.flatMap((deployment) => {
    const schedules = (wanted.get(nameOf(deployment)) ?? []).map(toPrefect);
    return schedules.length > 0 || isDeclared(deployment) ? stepsFor(deployment, schedules) : [];
  });
  const names = new Set(actual.map(nameOf));
  return { steps, withoutDeployment: [...wanted.keys()].filter((name) => !names.has(name)) };
}

export const nameOf = ({ flowName, name }: Deployment): string => `${flowName}/${name}`;

function stepsFor(deployment: Deployment, wanted: readonly NewSchedule[]): readonly ScheduleStep[] {
  const ours = deployment.schedules.filter(isOurs);
  const missing = wanted.filter(({ slug }) => !ours.some((made) => made.slug === slug));
  const changed = wanted.flatMap(({ slug, schedule }) =>
    ours
      .filter((made) => made.slug === slug && !isSame(made.schedule, schedule))
      .map((made) => ({ kind: "change", deployment, made, to: schedule }) as const),
  );
  const removed = ours
    .filter((made) => !wanted.some(({ slug }) => slug === made.slug))
    .map((made) => ({ kind: "remove", deployment, made }) as const);
  return [
    ...(missing.length > 0 ? [{ kind: "create", deployment, schedules: missing } as const] : []),
    ...changed,
    ...removed,
  ];
}

export const isOurs = ({ slug }: Pick<MadeSchedule, "slug">): boolean =>
  /^sails-\d+$/.test(slug ?? "");

/** Prefect adds to a schedule what we do not speak of: a day's rule, an anchor. */
const isSame = (made: MadeSchedule["schedule"], wanted: NewSchedule["schedule"]): boolean =>
  (["cron", "interval", "rrule"] as const).every((key) => made[key] === wanted[key]) &&
  (made.timezone ?? "UTC") === wanted["timezone"];

/** `cron 0 3 * * * (UTC)`, `every 900 s`. */
export function describeSchedule({
  cron,
  interval,
  rrule,
  timezone,
}: MadeSchedule["schedule"]): string {
  if (interval !== undefined) return `every ${interval} s`;
  return `${cron === undefined ? `rrule ${rrule}` : `cron ${cron}`} (${timezone ?? "UTC"})`;
}

const toPrefect = ({ rule, timezone, active }: ScheduleConfig, index: number): NewSchedule => ({
  active,
  slug: `sails-${index + 1}`,
  schedule: { ...ruleOf(rule), timezone },
});

function ruleOf(rule: ScheduleConfig["rule"]): Readonly<Record<string, string | number>> {
  switch (rule.kind) {
    case "cron":
      return { cron: rule.cron };
    case "interval":
      return { interval: rule.interval / 1000 };
    case "rrule":
      return { rrule: rule.rrule };
    default:
      return rule satisfies never;
  }
}
