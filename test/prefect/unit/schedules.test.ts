import { expect, test } from "vitest";
import type { ScheduleConfig } from "../../../src/config/config.ts";
import type { Deployment } from "../../../src/prefect/api/client.ts";
import { describeSchedule, planSchedules } from "../../../src/prefect/declared/schedules.ts";
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
const all = () => true;
const none = () => false;

const made = (slug: string | null, rule: object = { cron: "*/15 * * * *" }, more: object = {}) => ({
  id: `made-${slug}`,
  slug,
  active: true,
  schedule: { timezone: "UTC", ...rule },
  ...more,
});

/** Each step in a word. */
const shown = (
  declared: readonly ScheduleConfig[],
  actual: readonly Deployment[],
  isDeclared = all,
): readonly string[] =>
  planSchedules(declared, actual, isDeclared).steps.map((step) => {
    const { id } = step.deployment;
    if (step.kind === "create") {
      return `${id} create ${step.schedules.map(({ slug }) => slug).join(" ")}`;
    }
    const to = step.kind === "change" ? ` to ${describeSchedule(step.to)}` : "";
    return `${id} ${step.kind} ${step.made.slug}${to}`;
  });

test.each([
  [{ kind: "cron", cron: "@daily" }, { cron: "@daily" }],
  [{ kind: "interval", interval: minutes(15) }, { interval: 900 }],
  [{ kind: "rrule", rrule: "FREQ=DAILY" }, { rrule: "FREQ=DAILY" }],
] as const)("%o is %o to Prefect", (rule, said) => {
  const declared = schedule({ rule, timezone: "Europe/Berlin" });
  expect(planSchedules([declared], [a], all).steps).toEqual([
    {
      kind: "create",
      deployment: a,
      schedules: [
        { active: true, slug: "sails-1", schedule: { ...said, timezone: "Europe/Berlin" } },
      ],
    },
  ]);
});

test("one that shall sleep is made asleep", () => {
  const [step] = planSchedules([schedule({ active: false })], [a], all).steps;
  expect(step).toMatchObject({ schedules: [{ active: false }] });
});

test("all of one deployment go together, each with a slug of its own", () => {
  const declared = [schedule(), schedule({ deployment: "b/b" }), schedule({ timezone: "CET" })];
  expect(shown(declared, [a, deployment("b")])).toEqual([
    "id-a create sails-1 sails-2",
    "id-b create sails-1",
  ]);
});

test("what is as declared stays, whether it sleeps or not", () => {
  const there = [
    made("sails-1", { cron: "*/15 * * * *", day_or: true }),
    made(
      "sails-2",
      { interval: 900, anchor_date: "2026-01-01", timezone: null },
      { active: false },
    ),
  ];
  const declared = [schedule(), schedule({ rule: { kind: "interval", interval: minutes(15) } })];
  expect(shown(declared, [deployment("a", { schedules: there })])).toEqual([]);
});

test.each([
  [{ cron: "0 3 * * *" }, "id-a change sails-1 to cron */15 * * * * (UTC)"],
  [{ interval: 900 }, "id-a change sails-1 to cron */15 * * * * (UTC)"],
  [{ cron: "*/15 * * * *", timezone: "CET" }, "id-a change sails-1 to cron */15 * * * * (UTC)"],
])("one of ours that is %o is put right", (rule, step) => {
  expect(shown([schedule()], [deployment("a", { schedules: [made("sails-1", rule)] })])).toEqual([
    step,
  ]);
});

test("one of ours that is not declared any more is removed, an operator's never", () => {
  const there = deployment("a", {
    schedules: [made("sails-1"), made("sails-2"), made("nightly"), made(null), made("sails-x")],
  });
  expect(shown([schedule()], [there])).toEqual(["id-a remove sails-2"]);
  expect(shown([], [there])).toEqual(["id-a remove sails-1", "id-a remove sails-2"]);
});

test("of a deployment that is not ours to declare, nothing is removed", () => {
  const there = deployment("a", { schedules: [made("sails-1")] });
  expect(shown([], [there], none)).toEqual([]);
});

test("a deployment is known by its flow and its name together", () => {
  const others = [deployment("a", { flowName: "b" }), deployment("b", { flowName: "a" })];
  expect(planSchedules([schedule(), schedule()], others, all)).toEqual({
    steps: [],
    withoutDeployment: ["a/a"],
  });
});
