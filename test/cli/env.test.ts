import { expect, test } from "vitest";
import { environment, FakePlane, statusOf } from "../control/support/fake-plane.ts";
import { withDaemon } from "./support/fake-context.ts";

const plane = () => new FakePlane(statusOf([], { environment: environment() }));

const entry = {
  name: "0c8b62856929-3.11",
  path: "/mnt/pspace/prefect-env.versions/0c8b62856929-3.11",
  use: "current",
  runs: 2,
  lockHash: "0c8b62856929",
  python: "3.11.2",
  prefect: "3.8.8",
  packages: 80,
  builtAt: "2026-01-01T11:00:00.000Z",
  bytes: 235_274_240,
} as const;

test("env shows which is current, what is declared, and which have runs", async () => {
  const asked = plane();
  asked.environmentList = {
    version: 1,
    environment: environment(),
    environments: [entry, { ...entry, name: "adopted-0f0f0f", use: "previous", bytes: null }],
  };
  const { run, context } = await withDaemon(asked);
  expect(await run("env")).toBe(0);
  const { text } = context.out;
  expect(text).toMatch(/^ENVIRONMENT +SINCE +PYTHON +PREFECT\nin-step /);
  expect(text).toContain("is what uv.lock says");
  expect(text).toMatch(/^VERSION +USE +RUNS +PREFECT +PYTHON +BUILT +SIZE$/m);
  expect(text).toMatch(/^0c8b62856929-3\.11 +current +2 +3\.8\.8 +3\.11\.2 .* 224 MiB$/m);
  expect(text).toMatch(/^adopted-0f0f0f +previous .* -$/m);
});

test.each([
  ["in-step", 0],
  ["held", 0],
  ["as-is", 0],
  ["failed", 4],
  ["hangs", 4],
  ["building", 4],
] as const)("env ends for %s with %i, and JSON is the daemon's own", async (state, status) => {
  const asked = plane();
  asked.environmentList = { version: 1, environment: environment({ state }), environments: [] };
  const { run, context } = await withDaemon(asked);
  expect(await run("env", "--json")).toBe(status);
  expect(JSON.parse(context.out.text)).toEqual(asked.environmentList);
});

test("env sync and rollback say what is there now", async () => {
  const asked = plane();
  const { run, context } = await withDaemon(asked);
  expect(await run("env", "sync")).toBe(0);
  expect(await run("env", "rollback")).toBe(0);
  expect(asked.asked).toEqual([["env sync"], ["env rollback"]]);
  expect(context.out.text).toContain("Prefect 3.8.8, Python 3.11.2\nis what uv.lock says\n");
});

test("what a rollback leads to is said", async () => {
  const asked = plane();
  const warning = "the database is newer than Prefect 3.6.4";
  asked.environmentOrder = { kind: "done", environment: environment(), warning };
  const { run, context } = await withDaemon(asked);
  expect(await run("env", "rollback")).toBe(0);
  expect(context.err.text).toBe(`warning: ${warning}\n`);
});

test("what fails is said with its cure", async () => {
  const asked = plane();
  asked.environmentOrder = { kind: "failed", why: "the lock is gone", cure: "run `uv lock`" };
  const { run, context } = await withDaemon(asked);
  expect(await run("env", "rollback")).toBe(1);
  expect(context.err.text).toBe("error: the lock is gone\nWhat to do: run `uv lock`.\n");
});

test("the status shows it, and its next step", async () => {
  const held = environment({ state: "held", next: "stays so until the lock changes" });
  const { run, context } = await withDaemon(new FakePlane(statusOf([], { environment: held })));
  await run("status");
  expect(context.out.text).toMatch(/^ENVIRONMENT +SINCE/m);
  expect(context.out.text).toContain("next: stays so until the lock changes");
});
