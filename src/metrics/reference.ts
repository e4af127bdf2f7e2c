/** The reference of the metrics, as markdown, from the catalogue. */
import type { Family } from "./family.ts";
import { families } from "./series.ts";

export function renderReference(): string {
  const rows = families.map(([name, family]) => [
    `\`${name}\``,
    family.type,
    labelsOf(family),
    family.help,
    howOf(family),
  ]);
  const header = ["Name", "Type", "Labels", "Help", "How"];
  const lines = [header, header.map(() => "---"), ...rows].map(
    (cells) => `| ${cells.map(cell).join(" | ")} |`,
  );
  return `${lines.join("\n")}\n`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

const labelsOf = ({ labels }: Family): string =>
  Object.keys(labels)
    .map((label) => `\`${label}\``)
    .join(" ") || "-";

function howOf(family: Family): string {
  const sets = Object.entries(family.labels).flatMap(([label, values]) =>
    values === "any" ? [] : [`${label}: ${values.join(", ")}`],
  );
  const buckets = family.type === "histogram" ? [`buckets: ${family.buckets.join(" ")}`] : [];
  return [family.how, ...sets, ...buckets].join("; ");
}
