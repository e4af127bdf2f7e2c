/** The Python environments as text for people. */
import { formatBytes } from "../control/bytes.ts";
import type { EnvironmentEntry, EnvironmentList, EnvironmentStatus } from "../control/status.ts";
import { beneath, gap, type Lines, type Look, spanSince } from "./look.ts";
import type { Tone } from "./paint.ts";
import { oneLine, padEnd, textWidth } from "./text-width.ts";

export function environmentsText(list: EnvironmentList, look: Look): string {
  const { environment, environments } = list;
  if (environment === null) {
    return "No Python environment is configured: Prefect is the one on PATH.\n";
  }
  const sections = [environmentTable(environment, look), versionTable(environments, look)];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(""))
    .join("\n");
}

/** What the status shows of it. */
export function environmentTable(environment: EnvironmentStatus | null, look: Look): Lines {
  if (environment === null) return [];
  const { path, state, since, python, prefect, reason, next } = environment;
  const titles = ["ENVIRONMENT", "SINCE", "PYTHON", "PREFECT"];
  const cells = [state, spanSince(since, look.now), python ?? "-", prefect ?? "-"];
  const widths = titles.map((title, i) => Math.max(title.length, textWidth(cells[i] ?? "")));
  const row = (all: readonly string[]) => all.map((cell, i) => padEnd(cell, widths[i] ?? 0));
  const [first = "", ...rest] = row(cells);
  return [
    look.paint("strong", row(titles).join(gap).trimEnd()),
    [look.paint(toneOf(state), first), ...rest].join(gap).trimEnd(),
    ...beneath(path, look),
    ...(state === "as-is" ? [] : beneath(reason, look)),
    ...(next === null ? [] : beneath(`next: ${next}`, look)),
  ];
}

const tones = {
  "as-is": "faint",
  looking: "wait",
  building: "wait",
  waiting: "wait",
  "in-step": "good",
  held: "wait",
  failed: "bad",
  hangs: "bad",
} as const satisfies Record<EnvironmentStatus["state"], Tone>;

const toneOf = (state: EnvironmentStatus["state"]): Tone => tones[state];

const titles = {
  name: "VERSION",
  use: "USE",
  runs: "RUNS",
  prefect: "PREFECT",
  python: "PYTHON",
  built: "BUILT",
  size: "SIZE",
} as const;

type Column = keyof typeof titles;
type Cells = Readonly<Record<Column, string>>;
const columns = ["name", "use", "runs", "prefect", "python", "built", "size"] as const;

function versionTable(environments: readonly EnvironmentEntry[], look: Look): Lines {
  if (environments.length === 0) return [];
  const rows = environments.map((entry) => cellsOf(entry, look.now));
  const width = (column: Column): number =>
    Math.max(...[titles, ...rows].map((cells: Cells) => textWidth(cells[column])));
  const line = (cells: Cells): string =>
    columns
      .map((column) => padEnd(cells[column], width(column)))
      .join(gap)
      .trimEnd();
  return [look.paint("strong", line(titles)), ...rows.map(line)];
}

const cellsOf = (entry: EnvironmentEntry, now: Date): Cells => ({
  name: oneLine(entry.name),
  use: entry.use,
  runs: String(entry.runs),
  prefect: entry.prefect ?? "-",
  python: entry.python ?? "-",
  built: `${spanSince(entry.builtAt, now)} ago`,
  size: entry.bytes === null ? "-" : formatBytes(entry.bytes),
});
