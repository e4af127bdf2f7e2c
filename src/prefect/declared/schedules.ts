/** Schedules of our configuration. Each carries a slug that says whose it is, and is made once. */
import type { ScheduleConfig } from "../../config/config.ts";
import type { Deployment, NewSchedule } from "../api/client.ts";

export interface SchedulePlan {
  readonly create: readonly {
    readonly deployment: Deployment;
    readonly schedules: readonly NewSchedule[];
  }[];
  /** Schedules for a deployment that does not exist. */
  readonly withoutDeployment: readonly string[];
}

export function planSchedules(
  declared: readonly ScheduleConfig[],
  actual: readonly Deployment[],
): SchedulePlan {
  const create: { deployment: Deployment; schedules: NewSchedule[] }[] = [];
  const withoutDeployment: string[] = [];
  for (const [target, schedules] of Object.entries(
    Object.groupBy(declared, ({ deployment }) => deployment),
  )) {
    const deployment = actual.find(({ flowName, name }) => `${flowName}/${name}` === target);
    if (deployment === undefined) withoutDeployment.push(target);
    else {
      const wanted = (schedules ?? []).map(toPrefect);
      const slugs = new Set(deployment.schedules.map(({ slug }) => slug));
      const missing = wanted.filter(({ slug }) => !slugs.has(slug));
      if (missing.length > 0) create.push({ deployment, schedules: missing });
    }
  }
  return { create, withoutDeployment };
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
