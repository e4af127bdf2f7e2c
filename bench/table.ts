/** Markdown tables, aligned for those who read them as text. */

export type Cell = string | number | undefined;

/** Two or three digits that count; nothing for what was not measured. */
export function show(cell: Cell): string {
  if (cell === undefined || Number.isNaN(cell)) return "–";
  if (typeof cell === "string") return cell;
  return cell >= 100 ? cell.toFixed(0) : String(Number(cell.toPrecision(cell < 1 ? 2 : 3)));
}

export const ratio = (one: number | undefined, other: number | undefined): string =>
  one === undefined || other === undefined || other === 0 ? "–" : `×${show(one / other)}`;

export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, ...rows.map((row) => row.map(show))];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const format = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const [first = "", ...others] = lines.map(format);
  return [first, rule, ...others].join("\n");
}
