/**
 * Writes what of the documents is made from the code: the diagram of a unit's life, the keys of the
 * configuration, the metrics. A test compares, so that none of them goes stale.
 */
import { readFile, writeFile } from "node:fs/promises";
import { renderReference as renderConfiguration } from "../src/config/reference.ts";
import { renderReference as renderMetrics } from "../src/metrics/reference.ts";
import { edges } from "../test/support/unit-table.ts";

const begin = "<!-- made by `npm run docs`: the life of a unit -->";
const end = "<!-- end -->";

/** The files as they should be, by path. */
export async function generatedDocuments(): Promise<ReadonlyMap<string, string>> {
  const architecture = await readFile("ARCHITECTURE.md", "utf8");
  return new Map([
    ["ARCHITECTURE.md", withBlock(architecture, diagram())],
    ["docs/configuration.md", `# Configuration\n\n${renderConfiguration()}`],
    ["docs/metrics.md", `# Metrics\n\n${renderMetrics()}`],
  ]);
}

function withBlock(text: string, block: string): string {
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`ARCHITECTURE.md has lost its marks ${begin} and ${end}`);
  }
  return `${before}${begin}\n${block}\n${end}${after}`;
}

function diagram(): string {
  const lines = [...edges()].map(([edge, names]) => `  ${edge}: ${[...names].join(", ")}`);
  return ["```mermaid", "stateDiagram-v2", "  [*] --> down", ...lines, "```"].join("\n");
}

if (import.meta.main) {
  for (const [path, text] of await generatedDocuments()) {
    await writeFile(path, text);
    console.log(`wrote ${path}`);
  }
}
