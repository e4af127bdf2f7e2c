import { expect, test } from "vitest";
import type { PlanEntry, PlanResult } from "../../src/control/control-plane.ts";
import { FakePlane, statusOf } from "../control/support/fake-plane.ts";

import { withDaemon } from "./support/fake-context.ts";

const entry = (changes: Partial<PlanEntry>): PlanEntry => ({
  action: "leave",
  what: "pool",
  name: "runs",
  field: null,
  from: null,
  to: null,
  why: null,
  ...changes,
});

async function ran(words: readonly string[], change: (plane: FakePlane) => void) {
  const plane = new FakePlane(statusOf([]));
  change(plane);
  const { context, run } = await withDaemon(plane);
  const status = await run(...words);
  return { status, out: context.out.text, err: context.err.text };
}

const planned = (plan: PlanResult) => (plane: FakePlane) => {
  plane.planned = plan;
};

test("what differs reads like a diff, and ends with 4", async () => {
  const entries = [
    entry({ action: "create", name: "new", why: "type process" }),
    entry({ action: "change", field: "concurrency_limit", from: "5", to: "2" }),
    entry({
      action: "remove",
      what: "schedule",
      name: "a/a: every 60 s",
      why: "it is not declared any more",
    }),
    entry({ name: "old", why: "it is not declared" }),
  ];
  const { status, out } = await ran(["plan"], planned({ kind: "done", entries }));
  expect(status).toBe(4);
  expect(out).toBe(
    `+ pool new
    type process
~ pool runs
    concurrency_limit: 5 → 2
- schedule a/a: every 60 s
    it is not declared any more

= pool old
    it is not declared

1 to create, 1 to change, 1 to remove; 1 left as it is.
`,
  );
});

test("nothing that differs ends with 0", async () => {
  const { status, out } = await ran(["plan"], planned({ kind: "done", entries: [] }));
  expect([status, out]).toEqual([0, "Nothing differs from what is declared.\n"]);
});

test("a server that is away is told", async () => {
  const { status, err } = await ran(["plan"], planned({ kind: "failed", why: "nobody listens" }));
  expect(status).toBe(1);
  expect(err).toContain("nothing can be compared: nobody listens");
});

test("as JSON", async () => {
  const { out } = await ran(["plan", "--json"], planned({ kind: "done", entries: [entry({})] }));
  expect(JSON.parse(out)).toEqual({ version: 1, kind: "done", entries: [entry({})] });
});

test.each([
  [{ kind: "done", steps: ["pool new: created"], problems: [] }, 0, "pool new: created\n", ""],
  [{ kind: "done", steps: [], problems: [] }, 0, "nothing had to be changed\n", ""],
  [{ kind: "done", steps: [], problems: ["no pool"] }, 1, "nothing had to be changed\n", "no pool"],
  [{ kind: "failed", steps: ["one"], why: "away" }, 1, "one\n", "it was not finished: away"],
] as const)("apply: %o", async (applied, expected, said, complaint) => {
  const { status, out, err } = await ran(["apply"], (plane) => {
    plane.applied = applied;
  });
  expect([status, out]).toEqual([expected, said]);
  expect(err).toContain(complaint);
});
