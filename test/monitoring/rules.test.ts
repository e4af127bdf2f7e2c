/** The alert rules, their runbooks and the example of Alertmanager, by the tools of those who read them. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { families } from "../../src/metrics/series.ts";
import { toolOf } from "../support/debian-tools.ts";

const rulesFile = "monitoring/rules/sails-supervisor.yml";
const testFiles = [
  "monitoring/rules/sails-supervisor.test.yml",
  "monitoring/rules/sails-supervisor.slow.test.yml",
];
const alertmanagerFile = "monitoring/alertmanager.yml";

const alert = z.object({
  alert: z.string(),
  expr: z.string(),
  labels: z.object({ severity: z.enum(["critical", "warning", "info"]) }).loose(),
  annotations: z.strictObject({
    summary: z.string(),
    description: z.string(),
    runbook_url: z.string(),
  }),
});
const record = z.object({ record: z.string(), expr: z.string() });
const ruleDocument = z.object({
  groups: z.array(z.object({ rules: z.array(z.union([alert.loose(), record.loose()])) }).loose()),
});
const testDocument = z.object({
  tests: z.array(
    z.object({
      alert_rule_test: z.array(
        z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }),
      ),
    }),
  ),
});

const read = async <T>(file: string, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(parse(await readFile(file, "utf8")));

const { groups } = await read(rulesFile, ruleDocument);
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.flatMap((rule) => ("alert" in rule ? [rule as z.infer<typeof alert>] : []));
const names = [...new Set(alerts.map((each) => each.alert))];

function run(program: string, ...args: readonly string[]): Promise<string> {
  return new Promise((done) => {
    execFile(program, args, (error, stdout, stderr) =>
      done(`${error === null ? "accepted" : "refused"}\n${stdout}${stderr}`),
    );
  });
}

test("promtool accepts the rules, with all that it finds fault with", async (ctx) => {
  const promtool = await toolOf("promtool", ctx);
  const args = ["check", "rules", "--lint=all", "--lint-fatal", rulesFile];
  expect(await run(promtool, ...args)).toMatch(/^accepted/);
  expect(await run(promtool, "check", "config", "monitoring/prometheus.yml")).toMatch(/^accepted/);
});

test("the tests of the rules hold", async (ctx) => {
  const promtool = await toolOf("promtool", ctx);
  expect(await run(promtool, "test", "rules", ...testFiles)).toMatch(/^accepted/);
});

test("each alert is seen to fire", async () => {
  const documents = await Promise.all(testFiles.map((file) => read(file, testDocument)));
  const asked = documents.flatMap(({ tests }) => tests).flatMap(({ alert_rule_test: all }) => all);
  const seen = (isFiring: boolean) =>
    new Set(
      asked
        .filter(({ exp_alerts: expected }) => expected.length > 0 === isFiring)
        .map(({ alertname }) => alertname),
    );
  expect(names.filter((name) => !seen(true).has(name))).toEqual([]);
  expect(names.filter((name) => !seen(false).has(name))).toEqual([]);
});

test("each metric that is asked for exists", () => {
  const known = new Set(
    families.flatMap(([name, { type }]) =>
      type === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
  );
  const asked = rules.flatMap(({ expr }) => [...expr.matchAll(/(?<![\w:])sails_\w+/g)]);
  expect(asked.length).toBeGreaterThan(30);
  expect(asked.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
});

describe("the runbooks", () => {
  test("each alert has one, and each belongs to an alert", async () => {
    const pages = (await readdir("docs/runbooks")).map((file) => file.replace(/\.md$/, ""));
    expect(pages.toSorted((one, other) => one.localeCompare(other))).toEqual(
      names.toSorted((one, other) => one.localeCompare(other)),
    );
  });

  test.each(alerts.map((each) => [each.alert, each] as const))(
    "%s leads to its own, and says what is the matter",
    async (name, { annotations }) => {
      expect(annotations.runbook_url).toBe(`docs/runbooks/${name}.md`);
      expect(annotations.summary).toMatch(/^[A-Z].*\.$/);
      expect(annotations.summary).not.toContain("{{");
      expect(annotations.description).toMatch(/\.$/);
      const page = await readFile(annotations.runbook_url, "utf8");
      const parts = [...page.matchAll(/^## (.*)\n\n[^#\s]/gm)].map(([, title]) => title);
      expect([page.split("\n")[0], ...parts]).toEqual([
        `# ${name}`,
        ...["Meaning", "Impact", "Diagnosis", "Cure"],
      ]);
      for (const [, other = ""] of page.matchAll(/\b(Sails[A-Z]\w+)\b/g)) {
        expect(names).toContain(other);
      }
    },
  );
});

describe("the example of Alertmanager", () => {
  test("amtool accepts it, and sends what is critical to whoever is on call", async (ctx) => {
    const amtool = await toolOf("amtool", ctx);
    expect(await run(amtool, "check-config", alertmanagerFile)).toMatch(/^accepted/);
    const route = (severity: string) =>
      run(
        amtool,
        ...["config", "routes", "test", `--config.file=${alertmanagerFile}`],
        `severity=${severity}`,
      );
    expect(await route("critical")).toMatch(/^accepted\nurgent\n/);
    expect(await route("warning")).toMatch(/^accepted\ntickets\n/);
  });

  test("each alert that silences or is silenced exists", async () => {
    const text = await readFile(alertmanagerFile, "utf8");
    const named = [...text.matchAll(/\b(Sails[A-Z]\w+)\b/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !names.includes(name))).toEqual([]);
  });
});
