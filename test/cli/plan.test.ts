import { describe, expect, test } from "vitest";
import type { PlanReport, PlanStep } from "../../src/control/plan.ts";
import { FakePlane, statusOf } from "../control/support/fake-plane.ts";
import { withDaemon } from "./support/fake-context.ts";

const step = (changes: Partial<PlanStep> = {}): PlanStep => ({
  kind: "limit",
  name: "vm-runs",
  action: "change",
  fields: [{ field: "concurrency_limit", from: 9, to: 2 }],
  why: null,
  isReported: false,
  drift: null,
  ...changes,
});

const report = (changes: Partial<PlanReport> = {}): PlanReport => ({
  kind: "planned",
  version: 1,
  steps: [],
  left: [],
  problems: [],
  ...changes,
});

const different = report({
  steps: [
    step({
      kind: "pool",
      name: "headless-runs",
      action: "create",
      fields: [{ field: "type", from: null, to: "process" }],
    }),
    step({ drift: { key: "drift.limits", mode: "enforce" } }),
    step({
      kind: "deployment",
      name: "monitor/monitor",
      fields: [],
      why: "its code changed",
    }),
    step({
      kind: "pool",
      fields: [{ field: "description", from: "mine", to: "Light flows" }],
      isReported: true,
      drift: { key: "drift.pools", mode: "report" },
    }),
    step({
      kind: "schedule",
      name: "monitor/monitor sails-2",
      action: "remove",
      fields: [{ field: "rule", from: "0 3 * * * UTC", to: null }],
      why: "no longer in the configuration",
    }),
  ],
  left: [
    {
      kind: "pool",
      name: "by-hand",
      reason: "not-declared",
      why: "a process pool that is not in the configuration",
    },
    {
      kind: "schedule",
      name: "monitor/monitor",
      reason: "operator",
      why: "made by hand: every 60 s",
    },
  ],
  problems: [
    {
      id: "deployment image",
      what: "deployment image names the pool gpu, which is neither declared nor on the server",
      cure: "Add gpu to pools:",
    },
  ],
});

function planeOf(planned: FakePlane["planned"]): FakePlane {
  const plane = new FakePlane(statusOf([]));
  plane.planned = planned;
  return plane;
}

describe("plan", () => {
  test("says what would be made, changed and removed, what is left alone, and what cannot be", async () => {
    const { run, context } = await withDaemon(planeOf(different));
    expect(await run("plan")).toBe(4);
    expect(context.out.text).toMatchInlineSnapshot(`
      "  + create pool headless-runs
            type: process
        ~ change limit vm-runs (changed in Prefect; drift.limits is enforce: it is
            put back)
            concurrency_limit: 9 → 2
        ~ change deployment monitor/monitor (its code changed)
        ~ change pool vm-runs (changed in Prefect; drift.pools is report: only
            \`apply\` puts it back)
            description: mine → Light flows
        - remove schedule monitor/monitor sails-2 (no longer in the configuration)
            rule: 0 3 * * * UTC

      Left alone
        = pool by-hand: a process pool that is not in the configuration
        = schedule monitor/monitor: made by hand: every 60 s

      Cannot be done
        ! deployment image names the pool gpu, which is neither declared nor on the
          server
          what to do: Add gpu to pools:

      Plan: 1 to create, 3 to change, 1 to remove, 1 problem.
      "
    `);
  });

  test("ends with 0 where nothing differs, whatever is left alone", async () => {
    const { run, context } = await withDaemon(planeOf(report({ left: different.left })));
    expect(await run("plan")).toBe(0);
    expect(context.out.text).toContain("What is declared is what is: nothing to do.");
  });

  test("JSON is the daemon's own", async () => {
    const { run, context } = await withDaemon(planeOf(different));
    expect(await run("plan", "--json")).toBe(4);
    expect(JSON.parse(context.out.text)).toEqual(different);
  });

  test("a Prefect that does not answer is a failure, no daemon another", async () => {
    const away = planeOf({ kind: "failed", why: "nothing listens at http://x/api" });
    const { run, context } = await withDaemon(away);
    expect(await run("plan")).toBe(1);
    expect(context.err.text).toContain("Prefect cannot be asked: nothing listens");
  });
});

describe("apply", () => {
  test("tells of each step, and of what still differs", async () => {
    const plane = planeOf(report());
    const rest = report({ problems: different.problems });
    plane.applied = [
      { event: "started", step: step() },
      { event: "done", step: step() },
      { event: "over", result: { kind: "done", rest } },
    ];
    const { run, context } = await withDaemon(plane);
    expect(await run("apply")).toBe(4);
    expect(context.out.text).toMatchInlineSnapshot(`
      "limit vm-runs: changed

      Cannot be done
        ! deployment image names the pool gpu, which is neither declared nor on the
          server
          what to do: Add gpu to pools:

      Plan: 0 to create, 0 to change, 0 to remove, 1 problem.
      "
    `);
    expect(plane.asked).toEqual([["apply"]]);
  });

  test("that has nothing to do says so", async () => {
    const plane = planeOf(report());
    plane.applied = [{ event: "over", result: { kind: "done", rest: report() } }];
    const { run, context } = await withDaemon(plane);
    expect(await run("apply")).toBe(0);
    expect(context.out.text).toBe("What is declared is what is: nothing to do.\n");
  });

  test("a step that fails is a failure, and so is one that never came", async () => {
    const plane = planeOf(report());
    plane.applied = [
      { event: "failed", step: step(), why: "Prefect answered 422" },
      { event: "over", result: { kind: "done", rest: report({ steps: [step()] }) } },
    ];
    const { run, context } = await withDaemon(plane);
    expect(await run("apply", "--json")).toBe(1);
    expect(JSON.parse(context.out.text)).toMatchObject({
      version: 1,
      steps: [{ kind: "limit", name: "vm-runs", done: false, why: "Prefect answered 422" }],
      result: { kind: "done" },
    });
    plane.applied = [{ event: "over", result: { kind: "failed", why: "it is away" } }];
    const again = await withDaemon(plane);
    expect(await again.run("apply")).toBe(1);
    expect(again.context.err.text).toContain("not all was done: it is away");
  });

  test("a daemon that dies in the middle is said to have gone", async () => {
    const plane = planeOf(report());
    plane.applied = [{ event: "done", step: step() }];
    const { run, context } = await withDaemon(plane);
    expect(await run("apply")).toBe(3);
    expect(context.out.text).toContain("limit vm-runs: changed");
  });
});
