import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Family } from "../../src/metrics/family.ts";
import { renderReference } from "../../src/metrics/reference.ts";
import { MetricRegistry } from "../../src/metrics/registry.ts";
import { families, seriesOf } from "../../src/metrics/series.ts";

const cases = families.map(([name, family]): readonly [string, Family] => [name, family]);

test.each(cases)("%s keeps to the conventions", (name, family) => {
  expect(name.endsWith("_total")).toBe(family.type === "counter");
  expect(name).toMatch(/^sails(_[a-z]+)+$/);
  expect(family.help).toMatch(/^[A-Z].*\.$/);
  expect(family.how).not.toBe("");
  for (const label of Object.keys(family.labels)) {
    expect(["job", "instance", "le", "quantile", "type", "service"]).not.toContain(label);
  }
  if (family.type === "histogram") {
    expect(family.buckets).toEqual(family.buckets.toSorted((one, other) => one - other));
  }
  if (family.type === "gauge" && family.oneOf !== undefined) {
    expect(family.labels[family.oneOf]).toBeInstanceOf(Array);
  }
});

test("a subject has one series for each combination of what is known in advance", () => {
  const exits = seriesOf({ unit: "a", pool: "p" }).filter(
    ({ name }) => name === "sails_unit_exits_total",
  );
  expect(exits.map(({ labels }) => labels)).toEqual(
    ["clean", "code", "signal", "oom", "unknown"].map((reason) => ({
      unit: "a",
      pool: "p",
      reason,
    })),
  );
});

test("a label or a value that the catalogue has not does not compile", () => {
  const registry = new MetricRegistry();
  const unit = { unit: "a", pool: "" };
  const wrong = [
    // @ts-expect-error -- no such family
    () => registry.inc("sails_unit_start_total", unit),
    // @ts-expect-error -- a gauge is not counted
    () => registry.inc("sails_unit_up", unit),
    // @ts-expect-error -- a label is missing
    () => registry.inc("sails_unit_exits_total", unit),
    // @ts-expect-error -- a label too many
    () => registry.inc("sails_unit_starts_total", { ...unit, reason: "code" }),
    // @ts-expect-error -- no such value
    () => registry.inc("sails_unit_exits_total", { ...unit, reason: "tired" }),
    // @ts-expect-error -- a state set is chosen from, not set
    () => registry.set("sails_unit_state", { ...unit, state: "running" }, 1),
    // @ts-expect-error -- no such state
    () => registry.choose("sails_unit_state", unit, "asleep"),
    // @ts-expect-error -- a state of another set
    () => registry.choose("sails_unit_breaker_state", unit, "running"),
  ];
  expect(wrong).toHaveLength(8);
});

test("the reference has a row for each family, with its values", () => {
  const rows = renderReference().trimEnd().split("\n");
  expect(rows).toHaveLength(families.length + 2);
  expect(rows).toContain(
    "| `sails_unit_cpu_seconds_total` | counter | `unit` `pool` `mode` | CPU time of the unit, without flow runs that have a control group of their own. | sampled for scrapes, accumulated over restarts; what a process used after its last sample is missed; mode: user, system |",
  );
  expect(renderReference()).toContain("event; buckets: 0.1 0.5 1".replace("event; ", ""));
});

/** Children write their own output: none of it passes through the daemon, and so none is counted. */
const withoutPipe = new Set(["sails_unit_log_lines_dropped_total", "sails_unit_log_lines_total"]);

test("the catalogue is the one that dashboards and rules are written for", async () => {
  const wanted = (await readFile("test/metrics/wanted-families.txt", "utf8")).trimEnd().split("\n");
  const found = families.map(([name, { type, labels }]) =>
    [name, type, ...Object.keys(labels)].join(" "),
  );
  const missing = wanted.filter((family) => !found.includes(family));
  expect(new Set(missing.map((family) => family.split(" ")[0]))).toEqual(withoutPipe);
  expect(found.filter((family) => !wanted.includes(family))).toEqual([]);
});
