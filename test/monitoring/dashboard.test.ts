import { expect, test } from "vitest";
import * as z from "zod";
import { rows } from "../../scripts/dashboard/panels.ts";
import { dashboardJson } from "../../scripts/dashboard.ts";
import { families } from "../../src/metrics/series.ts";

const panels = rows.flatMap((row) => row.panels);
const known = new Set(
  families.flatMap(([name, { type }]) => (type === "histogram" ? [`${name}_bucket`] : [name])),
);

const target = z.object({ expr: z.string(), datasource: z.unknown().optional() });
const panel = z.object({
  type: z.string(),
  title: z.string(),
  datasource: z.object({ uid: z.string() }).optional(),
  targets: z.array(target).optional(),
});
const built = z
  .object({
    uid: z.string(),
    editable: z.boolean(),
    templating: z.object({ list: z.array(z.object({ name: z.string() })) }),
    panels: z.array(panel.extend({ panels: z.array(panel).optional() })),
  })
  .parse(JSON.parse(dashboardJson()));
const shown = built.panels
  .flatMap((each) => [each, ...(each.panels ?? [])])
  .filter(({ type }) => type !== "row");

test.each(panels.map((each) => [each.title, each] as const))(
  "%s says what it shows, and asks for what there is",
  (_, { about, unit, query, legend }) => {
    expect(about).toMatch(/^[A-Z].*\.$/);
    expect(unit).not.toBe("");
    expect(legend).not.toBe("");
    const asked = [...query.matchAll(/(?<![\w:])sails_\w+/g)].map(([name]) => name);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    // Of the job and the instance that are chosen, and no others.
    const selectors = [...query.matchAll(/\w+\{([^}]*)\}/g)].map(([, inside = ""]) => inside);
    expect(selectors.length).toBeGreaterThan(0);
    expect(selectors.filter((inside) => !inside.startsWith("§"))).toEqual([]);
  },
);

test("rates are over the interval that Grafana knows to be long enough", () => {
  for (const { query } of panels) {
    for (const [, span = ""] of query.matchAll(/\b(?:rate|increase)\([^[]*\[([^\]]+)\]/g)) {
      expect(["$__rate_interval", "$__range", "1h", "24h"]).toContain(span);
    }
  }
});

test("all panels are in the dashboard, with a data source that can be chosen", () => {
  expect(shown.map(({ title }) => title)).toEqual(panels.map(({ title }) => title));
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana puts the value in
  expect(new Set(shown.map(({ datasource }) => datasource?.uid))).toEqual(
    new Set(["${datasource}"]),
  );
  expect(shown.flatMap(({ targets = [] }) => targets).some(({ expr }) => expr.includes("§"))).toBe(
    false,
  );
  expect(built.templating.list.map(({ name }) => name)).toEqual(["datasource", "job", "instance"]);
  expect([built.uid, built.editable]).toEqual(["sails-supervisor", false]);
});

test("titles are told apart", () => {
  const all = rows.flatMap((row) => row.panels.map(({ title }) => `${row.title}: ${title}`));
  expect(new Set(all).size).toBe(all.length);
});
