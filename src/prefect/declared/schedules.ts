/**
 * The schedules of our configuration. Each carries a slug that says whose it is; those without one
 * of ours are an operator's or of a `prefect.yaml`, and none of our business.
 */
import type { ScheduleConfig } from "../../config/config.ts";
import type { DeclaredApi, Deployment, NewSchedule, Rule, Schedule } from "../api/declared.ts";
import type { Answer } from "../api/transport.ts";
import { ordered } from "./ledger.ts";
import type { DeploymentRecord } from "./ledger-file.ts";
import type {
  Claim,
  Difficulty,
  FieldChange,
  Left,
  PartPlan,
  Planned,
  WasClaimed,
} from "./steps.ts";

export type ScheduleOrder =
  | { readonly kind: "create"; readonly deploymentId: string; readonly schedule: NewSchedule }
  | {
      readonly kind: "update";
      readonly deploymentId: string;
      readonly id: string;
      readonly change: { readonly active?: boolean; readonly schedule?: Rule };
    }
  | { readonly kind: "delete"; readonly deploymentId: string; readonly id: string }
  /** Of a deployment that is made first. */
  | { readonly kind: "later" };

export interface ScheduleSources {
  readonly declared: readonly ScheduleConfig[];
  readonly actual: readonly Deployment[];
  /** FLOW/NAME of deployments that this plan makes, as far as they are known before. */
  readonly comes: (target: string) => boolean;
  readonly records: Readonly<Record<string, DeploymentRecord>>;
  readonly wasClaimed: WasClaimed;
  readonly wasOther: WasClaimed;
}

export const isOurSlug = (slug: string | null | undefined): boolean =>
  /^sails-\d+$/.test(slug ?? "");

export function planSchedules(sources: ScheduleSources): PartPlan<ScheduleOrder> {
  const { declared, actual, comes } = sources;
  const planned: Planned<ScheduleOrder>[] = [];
  const claims: Claim[] = [];
  const left: Left[] = [];
  const difficulties: Difficulty[] = [];
  const byTarget = Map.groupBy(declared, ({ deployment }) => deployment);
  const found = new Map(actual.map((each) => [`${each.flowName}/${each.name}`, each]));
  for (const [target, schedules] of byTarget) {
    const deployment = found.get(target);
    if (deployment === undefined && !comes(target)) {
      difficulties.push({
        id: `schedule ${target}`,
        what: `the schedule of ${target} has nothing to start: there is no such deployment`,
        cure: "Name it as FLOW/NAME, as `prefect deployment ls` shows it",
      });
      continue;
    }
    for (const [index, schedule] of schedules.entries()) {
      const wanted = toPrefect(schedule, index);
      const name = `${target} ${wanted.slug}`;
      const there = deployment?.schedules.find(({ slug }) => slug === wanted.slug);
      if (there === undefined) {
        const order: ScheduleOrder =
          deployment === undefined
            ? { kind: "later" }
            : { kind: "create", deploymentId: deployment.id, schedule: wanted };
        planned.push(creation(name, wanted, order));
        continue;
      }
      const compared = compare({ name, wanted, there }, sources);
      if (compared.left !== undefined) left.push(compared.left);
      claims.push(...compared.claims);
      if (compared.change === undefined || deployment === undefined) continue;
      const { step, change, made } = compared.change;
      const order: ScheduleOrder = {
        kind: "update",
        deploymentId: deployment.id,
        id: there.id,
        change,
      };
      planned.push({ step, order, claims: made });
    }
  }
  for (const deployment of actual) {
    const target = `${deployment.flowName}/${deployment.name}`;
    const wanted = byTarget.get(target)?.length ?? 0;
    const ofFile = sources.records[deployment.id]?.schedules;
    for (const schedule of deployment.schedules) {
      if (isOurSlug(schedule.slug)) {
        if (Number(schedule.slug?.slice("sails-".length)) <= wanted) continue;
        planned.push(removal(target, deployment.id, schedule));
      } else if (ofFile !== undefined) left.push(...operators(target, schedule, ofFile));
    }
  }
  return { planned, claims, left, difficulties };
}

/** @param ofFile those of `prefect.yaml`, and whether each was made active */
function operators(
  name: string,
  { id, active, schedule }: Schedule,
  ofFile: Readonly<Record<string, boolean>>,
): readonly Left[] {
  const left = (why: string): Left => ({ kind: "schedule", name, reason: "operator", why });
  const made = ofFile[id];
  if (made === undefined) return [left(`made by hand: ${ruleWords(schedule)}`)];
  if (made === active) return [];
  const what = active ? "has set it going" : "has paused it";
  return [left(`an operator ${what}: ${ruleWords(schedule)}`)];
}

const creation = (
  name: string,
  wanted: NewSchedule & { readonly active: boolean },
  order: ScheduleOrder,
): Planned<ScheduleOrder> => ({
  step: {
    kind: "schedule",
    name,
    action: "create",
    fields: [{ field: "rule", from: undefined, to: ruleWords(wanted.schedule) }],
    why: undefined,
    isDrift: false,
  },
  order,
  claims: [ruleClaim(name, wanted.schedule), activeClaim(name, wanted.active)],
});

const removal = (
  target: string,
  deploymentId: string,
  { id, slug, schedule }: Schedule,
): Planned<ScheduleOrder> => ({
  step: {
    kind: "schedule",
    name: `${target} ${slug}`,
    action: "remove",
    fields: [{ field: "rule", from: ruleWords(schedule), to: undefined }],
    why: "no longer in the configuration",
    isDrift: false,
  },
  order: { kind: "delete", deploymentId, id },
  claims: [],
});

interface Compared {
  readonly name: string;
  readonly wanted: NewSchedule & { readonly active: boolean };
  readonly there: Schedule;
}

function compare(
  { name, wanted, there }: Compared,
  { wasClaimed, wasOther }: Pick<ScheduleSources, "wasClaimed" | "wasOther">,
) {
  const rule = ruleClaim(name, wanted.schedule);
  const active = activeClaim(name, wanted.active);
  const claims: Claim[] = [];
  const made: Claim[] = [];
  const fields: FieldChange[] = [];
  const change: { active?: boolean; schedule?: Rule } = {};
  let left: Left | undefined;
  let isDrift = true;
  if (isSameRule(wanted.schedule, there.schedule)) claims.push(rule);
  else {
    fields.push({
      field: "rule",
      from: ruleWords(there.schedule),
      to: ruleWords(wanted.schedule),
    });
    change.schedule = wanted.schedule;
    made.push(rule);
    isDrift = wasClaimed(rule);
  }
  if (there.active === wanted.active) claims.push(active);
  else if (!wasOther(active)) {
    const why = there.active ? "an operator has set it going" : "an operator has paused it";
    left = { kind: "schedule", name, reason: "operator", why };
  } else {
    fields.push({ field: "active", from: there.active, to: wanted.active });
    change.active = wanted.active;
    made.push(active);
    isDrift = false;
  }
  if (fields.length === 0) return { left, claims, change: undefined };
  const step = {
    kind: "schedule" as const,
    name,
    action: "change" as const,
    fields,
    why: undefined,
    isDrift,
  };
  return { left, claims, change: { step, change, made } };
}

const ruleClaim = (name: string, value: Rule): Claim => ({ key: `schedule ${name} rule`, value });

const activeClaim = (name: string, value: boolean): Claim => ({
  key: `schedule ${name} active`,
  value,
});

/** Prefect adds to a rule what was not said: an anchor, whether days are joined by or. */
const isSameRule = (wanted: Rule, actual: Rule): boolean =>
  Object.entries(wanted).every(([key, value]) => isSameValue(value, actual[key])) &&
  ["cron", "interval", "rrule"].every((key) => key in wanted || !(key in actual));

/** Prefect puts a beginning in front of a recurrence rule that has none. */
export const isSameValue = (declared: unknown, there: unknown): boolean =>
  ordered(declared) === ordered(there) ||
  (typeof declared === "string" && typeof there === "string" && there.endsWith(`\n${declared}`));

export function ruleWords({ cron, interval, rrule, timezone }: Rule): string {
  const zone = typeof timezone === "string" ? ` ${timezone}` : "";
  if (typeof cron === "string") return `${cron}${zone}`;
  if (typeof interval === "number") return `every ${interval} s`;
  return typeof rrule === "string" ? `${rrule}${zone}` : "a rule of its own";
}

const toPrefect = ({ rule, timezone, active }: ScheduleConfig, index: number) => ({
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

export function performScheduleOrder(
  api: Pick<DeclaredApi, "createSchedule" | "updateSchedule" | "deleteSchedule">,
  order: ScheduleOrder,
  signal: AbortSignal,
): Promise<Answer<unknown>> {
  switch (order.kind) {
    case "create":
      return api.createSchedule(order.deploymentId, order.schedule, signal);
    case "update":
      return api.updateSchedule(order.deploymentId, order.id, order.change, signal);
    case "delete":
      return api.deleteSchedule(order.deploymentId, order.id, signal);
    case "later":
      return Promise.resolve({ kind: "unreachable", why: "its deployment is not there yet" });
    default:
      return order satisfies never;
  }
}
