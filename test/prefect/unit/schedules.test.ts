import { expect, test } from "vitest";
import type { ScheduleConfig } from "../../../src/config/config.ts";
import type { Deployment, Schedule } from "../../../src/prefect/api/declared.ts";
import type { DeploymentRecord } from "../../../src/prefect/declared/ledger-file.ts";
import { planSchedules } from "../../../src/prefect/declared/schedules.ts";
import { minutes } from "../../../src/supervision/time.ts";
import { deployment, scheduleOf } from "./given.ts";

const schedule = (changes: Partial<ScheduleConfig> = {}): ScheduleConfig => ({
  deployment: "a/a",
  rule: { kind: "cron", cron: "*/15 * * * *" },
  timezone: "UTC",
  active: true,
  ...changes,
});

const recorded: DeploymentRecord = {
  file: "f",
  selector: "a",
  isOurs: true,
  entry: "",
  code: "",
  lock: "",
  made: {},
  paused: false,
  schedules: { "of-file": true },
};

const a = deployment("a");
const withSchedules = (...schedules: readonly Schedule[]) => deployment("a", { schedules });
const ours = (changes: Partial<Schedule> = {}) =>
  scheduleOf("s1", {
    slug: "sails-1",
    schedule: { cron: "*/15 * * * *", timezone: "UTC", day_or: true },
    ...changes,
  });

function plan(
  declared: readonly ScheduleConfig[],
  actual: readonly Deployment[],
  claimed: (key: string) => boolean = () => false,
  other: (key: string) => boolean = () => false,
) {
  return planSchedules({
    declared,
    actual,
    comes: (target) => target === "new/new",
    records: { "id-a": recorded },
    wasClaimed: ({ key }) => claimed(key),
    wasOther: ({ key }) => other(key),
  });
}

const orders = (...asked: Parameters<typeof plan>) =>
  plan(...asked).planned.map(({ order }) => order);

test.each([
  [{ kind: "cron", cron: "@daily" }, { cron: "@daily" }],
  [{ kind: "interval", interval: minutes(15) }, { interval: 900 }],
  [{ kind: "rrule", rrule: "FREQ=DAILY" }, { rrule: "FREQ=DAILY" }],
] as const)("%o is %o to Prefect, and needs nothing once it is there", (rule, said) => {
  const declared = [schedule({ rule, timezone: "Europe/Berlin" })];
  const made = { ...said, timezone: "Europe/Berlin" };
  expect(orders(declared, [a])).toEqual([
    {
      kind: "create",
      deploymentId: "id-a",
      schedule: { active: true, slug: "sails-1", schedule: made },
    },
  ]);
  const begins = "rrule" in said ? { rrule: `DTSTART:20200101T000000\n${said.rrule}` } : {};
  const added = { ...made, ...begins, anchor_date: "2026-01-01T00:00:00Z", day_or: true };
  expect(orders(declared, [withSchedules(ours({ schedule: added }))])).toEqual([]);
});

test("one that shall sleep is made asleep", () => {
  expect(orders([schedule({ active: false })], [a])).toMatchObject([
    { schedule: { active: false } },
  ]);
});

test("each has a slug of its own, counted by its deployment", () => {
  const declared = [schedule(), schedule({ deployment: "b/b" }), schedule({ timezone: "CET" })];
  expect(orders(declared, [a, deployment("b")])).toMatchObject([
    { deploymentId: "id-a", schedule: { slug: "sails-1" } },
    { deploymentId: "id-a", schedule: { slug: "sails-2" } },
    { deploymentId: "id-b", schedule: { slug: "sails-1" } },
  ]);
});

test("one whose rule is another one now is changed, and nothing else of it", () => {
  const rule = { kind: "interval", interval: minutes(1) } as const;
  expect(orders([schedule({ rule })], [withSchedules(ours())])).toEqual([
    {
      kind: "update",
      deploymentId: "id-a",
      id: "s1",
      change: { schedule: { interval: 60, timezone: "UTC" } },
    },
  ]);
});

test("a rule that somebody changed in Prefect is drift, if it was ours before", () => {
  const there = [withSchedules(ours({ schedule: { cron: "1 1 1 1 1", timezone: "UTC" } }))];
  const isDrift = (claimed: boolean) =>
    plan([schedule()], there, () => claimed).planned.map(({ step }) => step.isDrift);
  expect([isDrift(true), isDrift(false)]).toEqual([[true], [false]]);
});

test("one that is no longer declared goes, also where no other is", () => {
  const second = ours({ id: "s2", slug: "sails-2" });
  expect(orders([schedule()], [withSchedules(ours(), second)])).toEqual([
    { kind: "delete", deploymentId: "id-a", id: "s2" },
  ]);
  expect(orders([], [withSchedules(ours())])).toEqual([
    { kind: "delete", deploymentId: "id-a", id: "s1" },
  ]);
});

test("an operator's is left alone and listed, that of a prefect.yaml is not", () => {
  const others = [
    scheduleOf("by-hand", { slug: "sails-of-mine" }),
    scheduleOf("of-file"),
    scheduleOf("mine", { schedule: { interval: 60 } }),
  ];
  const { planned, left } = plan([], [withSchedules(...others)]);
  expect(planned).toEqual([]);
  expect(left.map(({ why }) => why)).toEqual([
    "made by hand: 0 3 * * * UTC",
    "made by hand: every 60 s",
  ]);
});

test("an operator's pause survives, until the declaration says another thing", () => {
  const paused = [withSchedules(ours({ active: false }))];
  const kept = plan([schedule()], paused, () => true);
  expect(kept.planned).toEqual([]);
  expect(kept.left).toMatchObject([{ reason: "operator", why: "an operator has paused it" }]);
  expect(orders([schedule()], paused)).toEqual([]);
  const otherNow = orders([schedule()], paused, undefined, (key) => key.endsWith("active"));
  expect(otherNow).toMatchObject([{ change: { active: true } }]);
  const ofFile = plan([], [withSchedules(scheduleOf("of-file", { active: false }))]);
  expect(ofFile.left).toMatchObject([{ why: "an operator has paused it: 0 3 * * * UTC" }]);
});

test("a deployment is known by its flow and its name together; one that is just made counts", () => {
  const others = [deployment("a", { flowName: "b" }), deployment("b", { flowName: "a" })];
  const { planned, difficulties } = plan([schedule(), schedule({ deployment: "new/new" })], others);
  expect(difficulties.map(({ id }) => id)).toEqual(["schedule a/a"]);
  expect(planned.map(({ order }) => order)).toEqual([{ kind: "later" }]);
});
