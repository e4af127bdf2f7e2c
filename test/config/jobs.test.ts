import * as fc from "fast-check";
import { validateDetailed } from "node-cron";
import { expect, test } from "vitest";
import { jobCronFault } from "../../src/config/cron.ts";
import { configOf, faultsOf, warningsOf } from "./load-from.ts";

test("what the contract shows is read", async () => {
  const { jobs } = await configOf({
    yaml: 'jobs:\n  backup: {cron: "17 3 * * *", directory: backups, keep: 7}',
  });
  expect(jobs.backup).toEqual({
    cron: "17 3 * * *",
    timezone: "UTC",
    timeout: 3_600_000,
    directory: "DIR/backups",
    keep: 7,
    databases: [],
  });
  expect(jobs.retention).toMatchObject({ cron: "47 4 * * *" });
  expect(jobs.retention.runs).toBeUndefined();
  expect(jobs.custom).toEqual([]);
});

test("without a word of jobs, backups go to the state folder, and only by hand", async () => {
  const { jobs } = await configOf({ yaml: "state_dir: /srv/sails" });
  expect(jobs.backup).toMatchObject({ directory: "/srv/sails/backups", keep: 14 });
  expect(jobs.backup.cron).toBeUndefined();
});

test("jobs of one's own", async () => {
  const { jobs } = await configOf({
    yaml: `jobs:
  custom:
    - {name: report, cron: "@weekly", command: [./report, --all], timeout: 5m}
    - {name: reduce, cron: "0 6 * * mon", timezone: Europe/Berlin, deployment: reduce/night}`,
  });
  expect(jobs.custom).toEqual([
    {
      name: "report",
      cron: "@weekly",
      timezone: "UTC",
      timeout: 300_000,
      work: { kind: "command", command: ["DIR/report", "--all"] },
    },
    {
      name: "reduce",
      cron: "0 6 * * mon",
      timezone: "Europe/Berlin",
      timeout: 3_600_000,
      work: { kind: "deployment", deployment: "reduce/night" },
    },
  ]);
});

const five = 'five fields such as "17 3 * * *", or @daily';

test.each([
  [
    'jobs: {backup: {cron: "61 3 * * *"}}',
    `:1:17: jobs.backup.cron: has "61" for the minute (0 to 59), expected ${five}`,
  ],
  [
    'jobs: {backup: {cron: "0 0 31 2,4 *"}}',
    `:1:17: jobs.backup.cron: has the days 31, which its months do not have, expected ${five}`,
  ],
  [
    'jobs: {backup: {cron: "5/15 * * * *"}}',
    `:1:17: jobs.backup.cron: has "5/15", which jobs do not know, expected ${five}`,
  ],
  ["jobs: {backup: {crom: x}}", ":1:17: jobs.backup.crom: unknown key; did you mean cron?"],
  [
    'jobs: {custom: [{name: a, cron: "@daily"}]}',
    ":1:17: jobs.custom[0]: has none of them, expected exactly one of command, deployment",
  ],
  [
    'jobs: {custom: [{name: a, cron: "@daily", command: [x], deployment: f/d}]}',
    ":1:17: jobs.custom[0]: has command and deployment, expected exactly one of command, deployment",
  ],
  [
    'jobs: {custom: [{name: backup, cron: "@daily", command: [x]}]}',
    ':1:18: jobs.custom[0].name: is "backup", as a job of the supervisor\'s own; give it another name',
  ],
  [
    'jobs: {custom: [{name: a, cron: "@daily", command: [x]}, {name: a, cron: "@daily", command: [x]}]}',
    ':1:59: jobs.custom[1].name: is "a", as jobs.custom[0].name is (DIR/config.yaml:1); give each a name of its own',
  ],
  [
    "jobs: {backup: {databases: [/a/sky.db, /b/sky.sqlite]}}",
    ":1:40: jobs.backup.databases[1]: would be backed up as sky-TIME.db, as /a/sky.db is; give one of the files another name, or link to it by another name",
  ],
  [
    "jobs: {backup: {databases: [/b/prefect.db]}}",
    ":1:29: jobs.backup.databases[0]: would be backed up as prefect-TIME.db, as Prefect's own database is; give one of the files another name, or link to it by another name",
  ],
])("%s", async (yaml, fault) => {
  expect(await faultsOf({ yaml })).toEqual([`DIR/config.yaml${fault}`]);
});

test("an hour that summer time may skip is warned of, in zones that have it", async () => {
  const yaml = (timezone: string) => `jobs: {backup: {cron: "30 2 * * *", timezone: ${timezone}}}`;
  expect(await warningsOf({ yaml: yaml("Europe/Berlin") })).toEqual([
    "DIR/config.yaml:1:17: jobs.backup.cron: is between 1 and 4 h in Europe/Berlin: on the days when clocks are set, it may not come at all; choose another hour, or UTC",
  ]);
  expect(await warningsOf({ yaml: yaml("UTC") })).toEqual([]);
  expect(await warningsOf({ yaml: yaml("America/Bogota") })).toEqual([]);
});

const field = (min: number, max: number) => {
  const value = fc.integer({ min, max }).map(String);
  const range = fc.tuple(value, value).map(([from, to]) => `${from}-${to}`);
  const stepped = fc
    .tuple(fc.oneof(fc.constant("*"), range), fc.integer({ min: 1, max: 70 }))
    .map(([from, step]) => `${from}/${step}`);
  const part = fc.oneof(fc.constant("*"), value, range, stepped, fc.constantFrom("?", "l", "5#2"));
  return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(","));
};

test("what passes for the cron of a job, the library takes", () => {
  const expression = fc
    .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
    .map((fields) => fields.join(" "));
  const refused = fc.sample(expression, 3_000).filter((text) => {
    const isOurs = jobCronFault(text) === undefined;
    return isOurs && validateDetailed(text).errors.length > 0;
  });
  expect(refused).toEqual([]);
});
