import { expect, test } from "vitest";
import { type Difference, differencesOf } from "../../../src/prefect/declared/differences.ts";
import { configOf, declared, defaultTemplate, deployment, onServer, pool } from "./given.ts";

const cron = { kind: "cron", cron: "0 3 * * *" } as const;
const schedule = { deployment: "a/a", rule: cron, timezone: "UTC", active: true };
const config = configOf({
  pools: [pool("runs", { concurrencyLimit: 2 }), pool("new", { concurrencyLimit: 12 })],
  deployments: [{ prefectYaml: "/project/prefect.yaml", schedules: [schedule] }],
});

const shown = ({ action, what, name, field, from, to, why }: Difference): string =>
  [action, what, name, field && `${field}: ${from} → ${to}`, why].filter(Boolean).join(" | ");

test("what differs is told, thing by thing", () => {
  const pools = [onServer("runs", { concurrency_limit: 5 }), onServer("old")];
  const made = { id: "s", slug: null, active: true, schedule: { interval: 60 } };
  const stale = { ...made, slug: "sails-2" };
  const deployments = [deployment("a", { schedules: [made, stale] }), deployment("theirs")];
  const files = [declared("a"), declared("b"), declared("c", { poolName: "nowhere" })];
  expect(differencesOf(config, pools, deployments, files).map(shown)).toEqual([
    "change | pool | runs | concurrency_limit: 5 → 2",
    "create | pool | new | type process, concurrency_limit 12",
    "leave | pool | old | it is not declared",
    "create | deployment | b | /project/prefect.yaml",
    "leave | deployment | c | nothing would run it: the pool nowhere is neither declared nor on the server",
    "leave | deployment | theirs/theirs | no file that is declared has it",
    "create | schedule | a/a: cron 0 3 * * * (UTC)",
    "remove | schedule | a/a: every 60 s | it is not declared any more",
    "leave | schedule | a/a: every 60 s | an operator or a prefect.yaml made it",
  ]);
});

test("a pool of another type, or with a command of its own, is left and told", () => {
  const pools = [
    onServer("runs", { type: "docker" }),
    onServer("new", { base_job_template: defaultTemplate, concurrency_limit: 12 }),
  ];
  expect(differencesOf(config, pools, [], []).map(shown)).toEqual([
    "change | pool | new | command of its job template: Prefect's own → runs outlive their worker",
    "leave | pool | runs | it is of type docker, not process: that cannot be changed",
    "leave | schedule | a/a | there is no such deployment",
  ]);
});

test("a hundred pools and five hundred deployments in which nothing differs", () => {
  const names = Array.from({ length: 500 }, (_, index) => `d${index}`);
  const many = Array.from({ length: 100 }, (_, index) => `p${index}`);
  const same = configOf({ pools: many.map((name) => pool(name)) });
  const found = differencesOf(
    same,
    many.map((name) => onServer(name)),
    names.map((name) => deployment(name, { poolName: "p1" })),
    names.map((name) => declared(name, { poolName: "p1" })),
  );
  expect(found).toEqual([]);
});
