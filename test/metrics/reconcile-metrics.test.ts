import { expect, test } from "vitest";
import { Rig } from "./rig.ts";
import { parse } from "./scraped.ts";

async function told(rig: Rig): Promise<Readonly<Record<string, number>>> {
  const all = [...parse(await rig.metrics.render())];
  return Object.fromEntries(all.filter(([series, value]) => /reconcile/.test(series) && value > 0));
}

test("what is pending and what is withheld is that of the last round", async () => {
  const rig = new Rig();
  const { reconcile } = rig.metrics;
  reconcile.rounded({
    seconds: 2,
    at: 10,
    pending: ["limit", "deployment", "limit"],
    withheld: ["schedule"],
  });
  expect(await told(rig)).toEqual({
    'sails_reconcile_pending_steps{kind="limit"}': 2,
    'sails_reconcile_pending_steps{kind="deployment"}': 1,
    'sails_reconcile_withheld_steps{kind="schedule"}': 1,
    sails_reconciles_total: 1,
    sails_reconcile_duration_seconds: 2,
  });
  reconcile.rounded({ seconds: 1, at: 20, pending: [], withheld: [] });
  expect(await told(rig)).toEqual({
    sails_reconciles_total: 2,
    sails_reconcile_duration_seconds: 1,
    sails_reconcile_last_convergence_timestamp_seconds: 20,
  });
});

test("steps are counted by what they are of, failures by why", async () => {
  const rig = new Rig();
  const { reconcile } = rig.metrics;
  reconcile.done("pool");
  reconcile.failed("deployment", "command");
  expect(await told(rig)).toEqual({
    'sails_reconcile_steps_total{kind="pool"}': 1,
    'sails_reconcile_failures_total{kind="deployment",reason="command"}': 1,
  });
});
