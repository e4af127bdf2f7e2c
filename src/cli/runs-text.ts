/** The flow runs that have a process here, as a table for people. */
import { formatBytes } from "../control/bytes.ts";
import type { RunStatus } from "../control/status.ts";
import { beneath, gap, type Lines, type Look, spanSince } from "./look.ts";
import type { Tone } from "./paint.ts";
import { cut, oneLine, padEnd, textWidth } from "./text-width.ts";

export function runsText(runs: readonly RunStatus[], look: Look): string {
  if (runs.length === 0) return "No flow run has a process here.\n";
  const rows = runs.map((run) => cellsOf(run, look.now));
  const widths = widthsFor(rows, look.columns);
  const lines = [
    look.paint("strong", rowOf(titles, widths).trimEnd()),
    ...runs.flatMap((run, i) => [
      ...runLines(run, rows[i] ?? titles, widths, look),
      ...(run.note === null ? [] : beneath(run.note, look)),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** A run that nobody has named goes by the beginning of its id, which is enough to cancel it. */
export const nameOf = ({ id, name }: Pick<RunStatus, "id" | "name">): string =>
  oneLine(name ?? id.slice(0, 8));

const titles = {
  name: "NAME",
  pool: "POOL",
  state: "STATE",
  attachment: "WORKER",
  age: "AGE",
  memory: "MEMORY",
  pid: "PID",
} as const;

type Column = keyof typeof titles;
type Cells = Readonly<Record<Column, string>>;
type Widths = Readonly<Record<Column, number>>;

const cellsOf = (run: RunStatus, now: Date): Cells => ({
  name: nameOf(run),
  pool: oneLine(run.pool),
  state: oneLine(run.state ?? "-"),
  attachment: run.attachment,
  age: compact(spanSince(run.startedAt, now)),
  memory: run.rssBytes === null ? "-" : formatBytes(run.rssBytes),
  pid: String(run.pid),
});

/** `2 h 4 min` as `2h 4m`: here every column counts. */
const compact = (span: string): string => span.replace(/ (?=[a-z])/g, "").replace("min", "m");

const columns: readonly Column[] = ["name", "pool", "state", "attachment", "age", "memory", "pid"];
/** Where there is no room, one that is longer gets a line of its own and is not made room for. */
const longName = 24;

/** Then columns give way, in this order and so far: the reader knows the pools. */
const concessions: readonly (readonly [Column, number])[] = [
  // `AwaitingConcurrencySlot` is the longest of Prefect's.
  ["state", 12],
  ["pool", 8],
  ["name", 8],
  ["state", 7],
  ["name", 4],
  ["pool", 6],
];

function widthsFor(rows: readonly Cells[], available: number): Widths {
  const widthsIn = (column: Column): readonly number[] =>
    [titles, ...rows].map((cells: Cells) => textWidth(cells[column]));
  const widest = (column: Column): number => Math.max(...widthsIn(column));
  const widths = {
    name: widest("name"),
    pool: widest("pool"),
    state: widest("state"),
    attachment: widest("attachment"),
    age: widest("age"),
    memory: widest("memory"),
    pid: widest("pid"),
  };
  const room = available - gap.length * (columns.length - 1);
  const excess = (): number => Object.values(widths).reduce((sum, width) => sum + width) - room;
  if (excess() > 0)
    widths.name = Math.max(...widthsIn("name").filter((width) => width <= longName));
  for (const [column, least] of concessions) {
    if (widths[column] > least)
      widths[column] = Math.max(least, widths[column] - Math.max(0, excess()));
  }
  return widths;
}

const rowOf = (cells: Cells, widths: Widths): string =>
  columns.map((column) => padEnd(cells[column], widths[column])).join(gap);

function runLines(run: RunStatus, cells: Cells, widths: Widths, { paint }: Look): Lines {
  const state = padEnd(cut(cells.state, widths.state), widths.state);
  const attachment = padEnd(cells.attachment, widths.attachment);
  const line = (name: string): string => {
    const told = {
      ...cells,
      name,
      pool: cut(cells.pool, widths.pool),
      state: paint(toneOf(run), state),
      attachment: paint(run.attachment === "attached" ? "faint" : "wait", attachment),
    };
    return rowOf(told, widths).trimEnd();
  };
  return textWidth(cells.name) <= widths.name ? [line(cells.name)] : [cells.name, line("")];
}

/** Its process lives: a state in which Prefect sees none is worth a look. */
function toneOf({ state, note }: RunStatus): Tone {
  if (state === null) return "faint";
  return state === "Running" && note === null ? "good" : "wait";
}
