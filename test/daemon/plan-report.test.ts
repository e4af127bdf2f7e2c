import { expect, test } from "vitest";
import type { ApplyEvent } from "../../src/control/plan.ts";
import { type EnvironmentDifferences, nothingDiffers } from "../../src/daemon/environment-plan.ts";
import { apply, type PlanParts, report } from "../../src/daemon/plan-report.ts";
import { nothingPlanned } from "../../src/prefect/declared/plan.ts";

const starting = { kind: "failed", why: expect.stringContaining("is starting") };

const partsWith = (changes: Partial<PlanParts>): PlanParts => ({
  reconciler: "none",
  environment: {
    differences: nothingDiffers,
    sync: () => Promise.reject(new Error("not asked for")),
  },
  units: [],
  serverStarted: () => Promise.resolve(),
  ...changes,
});

const reported = (reconciler: PlanParts["reconciler"]) => report(partsWith({ reconciler }));

async function applied(changes: Partial<PlanParts>) {
  const events: ApplyEvent[] = [];
  await apply(
    () => partsWith(changes),
    (event) => events.push(event),
  );
  return events;
}

test("while it is not known what is declared, nobody says that nothing differs", async () => {
  expect(await reported("starting")).toEqual(starting);
  expect(await applied({ reconciler: "starting" })).toEqual([{ event: "over", result: starting }]);
});

test("without a Prefect nothing differs", async () => {
  const none = { kind: "planned", version: 1, steps: [], left: [], problems: [] };
  expect(await reported("none")).toEqual(none);
  expect(await applied({})).toEqual([{ event: "over", result: { kind: "done", rest: none } }]);
});

test("a Prefect that does not answer is a failure of both", async () => {
  const why = "nothing listens";
  const away = {
    plan: () => Promise.resolve({ kind: "unreachable", why } as const),
    apply: () => Promise.resolve({ kind: "failed", why } as const),
  };
  expect(await reported(away)).toEqual({ kind: "failed", why });
  expect(await applied({ reconciler: away })).toEqual([
    { event: "over", result: { kind: "failed", why } },
  ]);
});

test("what is planned is told in the words of the contract", async () => {
  const step = {
    kind: "limit",
    name: "a",
    action: "change",
    fields: [{ field: "concurrency_limit", from: undefined, to: 2 }],
    why: undefined,
    isDrift: true,
  } as const;
  const drift = { key: "drift.limits", mode: "report" } as const;
  const value = { ...nothingPlanned, steps: [{ ...step, isReported: true, drift }] };
  const there = {
    plan: () => Promise.resolve({ kind: "ok", value } as const),
    apply: () => Promise.reject(new Error("not asked for")),
  };
  expect(await reported(there)).toMatchObject({
    steps: [
      {
        kind: "limit",
        name: "a",
        action: "change",
        fields: [{ field: "concurrency_limit", from: null, to: 2 }],
        why: null,
        isReported: true,
        drift,
      },
    ],
  });
});

const building: EnvironmentDifferences = {
  ...nothingDiffers,
  steps: [
    {
      kind: "environment",
      name: "/env",
      action: "create",
      fields: [{ field: "version", from: null, to: "abc (to be built)" }],
      why: null,
      isReported: false,
      drift: null,
    },
  ],
};

test("an environment is built before all that is done by what is installed in it", async () => {
  const order: string[] = [];
  const environment = {
    differences: building,
    sync: async () => {
      order.push("built");
      return { kind: "failed", why: "no space", cure: null } as const;
    },
  };
  const reconciler = {
    plan: () => Promise.reject(new Error("not asked for")),
    apply: async () => {
      order.push("reconciled");
      return { kind: "done", plan: nothingPlanned } as const;
    },
  };
  const serverStarted = async () => void order.push("server awaited");
  const events = await applied({ environment, reconciler, serverStarted });
  expect(order).toEqual(["built", "server awaited", "reconciled"]);
  expect(events).toMatchObject([
    { event: "started", step: building.steps[0] },
    { event: "failed", step: building.steps[0], why: "no space" },
    { event: "over", result: { kind: "done", rest: { steps: building.steps } } },
  ]);
});
