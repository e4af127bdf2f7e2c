import { expect, test } from "vitest";
import type { ScheduleConfig } from "../../../src/config/config.ts";
import { planSchedules } from "../../../src/prefect/declared/schedules.ts";
import { minutes } from "../../../src/supervision/time.ts";
import { deployment } from "./given.ts";

const schedule = (changes: Partial<ScheduleConfig> = {}): ScheduleConfig => ({
  deployment: "a/a",
  rule: { kind: "cron", cron: "*/15 * * * *" },
  timezone: "UTC",
  active: true,
  ...changes,
});

const a = deployment("a");

test.each([
  [{ kind: "cron", cron: "@daily" }, { cron: "@daily" }],
  [{ kind: "interval", interval: minutes(15) }, { interval: 900 }],
  [{ kind: "rrule", rrule: "FREQ=DAILY" }, { rrule: "FREQ=DAILY" }],
] as const)("%o is %o to Prefect", (rule, said) => {
  const { create } = planSchedules([schedule({ rule, timezone: "Europe/Berlin" })], [a]);
  expect(create).toEqual([
    {
      deployment: a,
      schedules: [
        { active: true, slug: "sails-1", schedule: { ...said, timezone: "Europe/Berlin" } },
      ],
    },
  ]);
});

test("one that shall sleep is made asleep", () => {
  const { create } = planSchedules([schedule({ active: false })], [a]);
  expect(create[0]?.schedules[0]?.active).toBe(false);
});

test("all of one deployment go together, each with a slug of its own", () => {
  const b = deployment("b");
  const declared = [schedule(), schedule({ deployment: "b/b" }), schedule({ timezone: "CET" })];
  const { create } = planSchedules(declared, [a, b]);
  expect(create.map(({ deployment: { id }, schedules }) => [id, schedules.length])).toEqual([
    ["id-a", 2],
    ["id-b", 1],
  ]);
  expect(create.flatMap(({ schedules }) => schedules.map(({ slug }) => slug))).toEqual([
    "sails-1",
    "sails-2",
    "sails-1",
  ]);
});

test("what has been made is not made again, and others' schedules are no hindrance", () => {
  const made = (...slugs: readonly (string | null)[]) =>
    deployment("a", { schedules: slugs.map((slug, i) => ({ id: `s${i}`, slug })) });
  const plan = (there: ReturnType<typeof made>) =>
    planSchedules([schedule(), schedule({ timezone: "CET" })], [there]).create.flatMap(
      ({ schedules }) => schedules.map(({ slug }) => slug),
    );
  expect(plan(made("nightly", null))).toEqual(["sails-1", "sails-2"]);
  expect(plan(made("sails-2"))).toEqual(["sails-1"]);
  expect(plan(made("sails-1", "nightly", "sails-2"))).toEqual([]);
});

test("a deployment is known by its flow and its name together", () => {
  const others = [deployment("a", { flowName: "b" }), deployment("b", { flowName: "a" })];
  expect(planSchedules([schedule(), schedule()], others)).toEqual({
    create: [],
    withoutDeployment: ["a/a"],
  });
});
