import { expect, test } from "vitest";
import type { ApplyEvent } from "../../src/control/plan.ts";
import { apply, report } from "../../src/daemon/plan-report.ts";
import { nothingPlanned } from "../../src/prefect/declared/plan.ts";

const starting = { kind: "failed", why: expect.stringContaining("is starting") };

async function applied(reconciler: Parameters<typeof apply>[0]["reconciler"]) {
  const events: ApplyEvent[] = [];
  await apply({ reconciler, units: [] }, (event) => events.push(event));
  return events;
}

test("while it is not known what is declared, nobody says that nothing differs", async () => {
  expect(await report({ reconciler: "starting", units: [] })).toEqual(starting);
  expect(await applied("starting")).toEqual([{ event: "over", result: starting }]);
});

test("without a Prefect nothing differs", async () => {
  const none = { kind: "planned", version: 1, steps: [], left: [], problems: [] };
  expect(await report({ reconciler: "none", units: [] })).toEqual(none);
  expect(await applied("none")).toEqual([{ event: "over", result: { kind: "done", rest: none } }]);
});

test("a Prefect that does not answer is a failure of both", async () => {
  const why = "nothing listens";
  const away = {
    plan: () => Promise.resolve({ kind: "unreachable", why } as const),
    apply: () => Promise.resolve({ kind: "failed", why } as const),
  };
  expect(await report({ reconciler: away, units: [] })).toEqual({ kind: "failed", why });
  expect(await applied(away)).toEqual([{ event: "over", result: { kind: "failed", why } }]);
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
  const value = { ...nothingPlanned, steps: [{ ...step, isReported: true }] };
  const there = {
    plan: () => Promise.resolve({ kind: "ok", value } as const),
    apply: () => Promise.reject(new Error("not asked for")),
  };
  expect(await report({ reconciler: there, units: [] })).toMatchObject({
    steps: [
      {
        kind: "limit",
        name: "a",
        action: "change",
        fields: [{ field: "concurrency_limit", from: null, to: 2 }],
        why: null,
        isReported: true,
      },
    ],
  });
});
