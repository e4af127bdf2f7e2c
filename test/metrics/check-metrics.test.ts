import { expect, test } from "vitest";
import { Rig } from "./rig.ts";
import { parse } from "./scraped.ts";

async function shown(rig: Rig): Promise<Readonly<Record<string, number>>> {
  const all = parse(await rig.metrics.render());
  return Object.fromEntries([...all].filter(([series]) => series.startsWith("sails_check")));
}

test("a check begins unknown, and its failures are counted by what they were", async () => {
  const rig = new Rig();
  const { checks } = rig.metrics;
  checks.declare(["arc"]);
  expect(await shown(rig)).toEqual({
    'sails_check_state{check="arc",state="ok"}': 0,
    'sails_check_state{check="arc",state="failed"}': 0,
    'sails_check_state{check="arc",state="unknown"}': 1,
    'sails_checks_total{check="arc"}': 0,
    'sails_check_failures_total{check="arc",reason="timeout"}': 0,
    'sails_check_failures_total{check="arc",reason="condition"}': 0,
    'sails_check_failures_total{check="arc",reason="error"}': 0,
  });
  checks.looked({ check: "arc", failure: undefined, seconds: 0.25, at: 1_700_000_000 });
  checks.looked({ check: "arc", failure: "timeout", seconds: 10, at: 1_700_000_030 });
  checks.believed("arc", "failed");
  expect(await shown(rig)).toMatchObject({
    'sails_check_state{check="arc",state="failed"}': 1,
    'sails_check_state{check="arc",state="unknown"}': 0,
    'sails_checks_total{check="arc"}': 2,
    'sails_check_failures_total{check="arc",reason="timeout"}': 1,
    'sails_check_duration_seconds{check="arc"}': 10,
    'sails_check_last_success_timestamp_seconds{check="arc"}': 1_700_000_000,
  });
});

test("a check that is gone takes its series along, and is not told of any more", async () => {
  const rig = new Rig();
  const { checks } = rig.metrics;
  checks.declare(["arc", "proxy"]);
  checks.looked({ check: "arc", failure: undefined, seconds: 0.25, at: 1 });
  checks.declare(["proxy"]);
  checks.looked({ check: "arc", failure: "condition", seconds: 1, at: 2 });
  checks.believed("arc", "ok");
  expect(Object.keys(await shown(rig)).filter((series) => series.includes("arc"))).toEqual([]);
});
