/**
 * Writes what of the documents is made from the code: the diagram of a unit's life, the keys of the
 * configuration, the metrics and the dashboard that shows them, the fault matrix, what the doctor
 * examines, the shapes of --json. A test compares, so that none of them goes stale.
 */
import { readFile, writeFile } from "node:fs/promises";
import { promised, renderMatrix } from "../chaos/matrix/table.ts";
import { renderReference as renderConfiguration } from "../src/config/reference.ts";
import { renderTable as renderExaminations } from "../src/doctor/registry.ts";
import { renderReference as renderMetrics } from "../src/metrics/reference.ts";
import { edges } from "../test/support/unit-table.ts";
import { dashboardFile, dashboardJson } from "./dashboard.ts";

const begin = (what: string): string => `<!-- made by \`npm run docs\`: ${what} -->`;
const end = "<!-- end -->";

/** The files as they should be, by path. */
export async function generatedDocuments(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["ARCHITECTURE.md", await withBlock("ARCHITECTURE.md", "the life of a unit", diagram())],
    [
      "docs/faults.md",
      await withBlock("docs/faults.md", "the fault matrix", renderMatrix(promised)),
    ],
    ["docs/doctor.md", await withBlock("docs/doctor.md", "the examinations", renderExaminations())],
    ["docs/configuration.md", `# Configuration\n\n${renderConfiguration()}`],
    ["docs/metrics.md", `# Metrics\n\n${renderMetrics()}`],
    ["docs/json.md", await withBlock("docs/json.md", "the types", await types())],
    [dashboardFile, dashboardJson()],
  ]);
}

async function withBlock(path: string, what: string, block: string): Promise<string> {
  const [before, rest] = (await readFile(path, "utf8")).split(begin(what));
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`${path} has lost its marks ${begin(what)} and ${end}`);
  }
  return `${before}${begin(what)}\n${block}\n${end}${after}`;
}

function diagram(): string {
  const lines = [...edges()].map(([edge, names]) => `  ${edge}: ${[...names].join(", ")}`);
  return ["```mermaid", "stateDiagram-v2", "  [*] --> down", ...lines, "```"].join("\n");
}

/** What goes over the wire is described where it is made; here it is without what only the code needs. */
const shapes = ["supervision/describe.ts", "control/status.ts", "control/plan.ts"] as const;

async function types(): Promise<string> {
  const sources = await Promise.all(shapes.map((path) => readFile(`src/${path}`, "utf8")));
  const declarations = sources
    .flatMap((source) => source.trim().split("\n\n"))
    .filter((block) => /^export (interface|type) (?!Description)/m.test(block));
  return ["```ts", declarations.join("\n\n"), "```"].join("\n");
}

if (import.meta.main) {
  for (const [path, text] of await generatedDocuments()) {
    await writeFile(path, text);
    console.log(`wrote ${path}`);
  }
}
