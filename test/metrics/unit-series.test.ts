import { expect, test } from "vitest";
import type { UnitEvent } from "../../src/supervision/unit-state.ts";
import { unitSpec } from "../support/unit-specs.ts";
import { Rig } from "./rig.ts";
import { ofUnit, parse } from "./scraped.ts";

const start: UnitEvent = { kind: "start-requested" };
const worker = (pool_type: string) =>
  unitSpec("worker@gpu", { labels: { role: "worker", pool: "gpu", pool_type } });

test("a unit that is gone takes its series along, though it may still be stopping", async () => {
  const rig = new Rig();
  rig.declare([unitSpec("a"), unitSpec("b")]);
  rig.send("a", start);
  rig.send("b", start);
  await rig.metrics.render();
  rig.declare([unitSpec("b")]);
  rig.send("a", { kind: "stop-requested", by: "operator" });
  rig.metrics.observer.probed(rig.unit("a"), "liveness", { kind: "pass" });
  const text = await rig.metrics.render();
  expect(text).not.toContain('unit="a"');
  expect(ofUnit(text, "b").get("sails_unit_starts_total")).toBe(1);
});

test("declaring a unit again leaves its counts alone", async () => {
  const rig = new Rig();
  rig.declare([worker("process")]);
  rig.send("worker@gpu", start);
  rig.declare([worker("process"), unitSpec("new")]);
  const all = ofUnit(await rig.metrics.render(), "worker@gpu");
  expect(all.get("sails_unit_starts_total")).toBe(1);
});

test("the facts of a unit are those of its last declaration alone", async () => {
  const rig = new Rig();
  rig.declare([worker("process")]);
  rig.declare([worker("docker")]);
  const series = [...parse(await rig.metrics.render()).keys()];
  expect(series.filter((name) => name.startsWith("sails_unit_info"))).toEqual([
    'sails_unit_info{unit="worker@gpu",pool="gpu",role="worker",pool_type="docker"}',
  ]);
});

test("a name from outside cannot break the text", async () => {
  const rig = new Rig();
  rig.declare([unitSpec('odd"\\\nname')]);
  const text = await rig.metrics.render();
  expect(text).toContain('sails_unit_starts_total{unit="odd\\"\\\\\\nname",pool=""} 0');
});
