/** The fault matrix as docs/faults.md has it. */
import { table } from "../../bench/table.ts";
import {
  type Cell,
  expected,
  faults,
  type Situation,
  situations,
  type Target,
  targets,
} from "./cells.ts";

/** What a cell shows: a state, or – with the reason below. */
export type Words = (cell: Cell) => string;

const headings: Readonly<Record<Target, string>> = {
  supervisor: "The supervisor dies",
  server: "Prefect's server dies",
  worker: "A worker dies",
  flow: "A flow's process dies",
  child: "A process dies that a flow has started",
};

const sentences: Readonly<Record<Target, string>> = {
  supervisor:
    "Server, workers and flows go on as if nothing had happened, and the next supervisor takes them over. Only SIGTERM is an order, to stop everything: flows get `stop_timeout`, then SIGTERM, and are Crashed. A run whose code had not begun is scheduled again.",
  server:
    "It is started again, and all wait for it. A run that was just starting and could not reach it is scheduled again, because its code had not begun.",
  worker:
    "Its flows go on without it and the next worker serves the pool. What it had claimed and not started is scheduled again; what it was to cancel is cancelled in its place. Only SIGTERM to a worker's process costs its flows, because Prefect's worker kills them at it: `sails-supervisor restart` does not send it.",
  flow: "The run is Crashed, with the cause, and its slot is free. If its code had not begun it is scheduled again; if it was being cancelled it is Cancelled. One that was only stopped goes on.",
  child:
    "That is the flow's own affair: the run goes on. What a flow leaves running when it dies is ended (`pools[].strays`); what it leaves when it comes to its own end is only named, for it may be on purpose.",
};

const rows: Readonly<Record<Situation, string>> = {
  idle: "idle",
  claimed: "a run has just been claimed",
  running: "a flow runs",
  cancelling: "a run is being cancelled",
  "hot restart": "the worker is being restarted",
  adoption: "a new supervisor takes over",
  "server away": "the server is away",
};

/** As it is promised. */
export const promised: Words = (cell) => {
  const it = expected(cell);
  return it.kind === "fate" ? it.fate : "–";
};

export function renderMatrix(words: Words): string {
  return targets
    .map((target) =>
      [`## ${headings[target]}`, sentences[target], tableOf(target, words)].join("\n\n"),
    )
    .join("\n\n");
}

function tableOf(target: Target, words: Words): string {
  const lines = situations.map((situation) => [
    rows[situation],
    ...faults.map((fault) => words({ target, fault, situation })),
  ]);
  return [table(["while", ...faults], lines), ...reasons(target)].join("\n\n");
}

function reasons(target: Target): readonly string[] {
  const lines = situations.flatMap((situation) => {
    const it = expected({ target, fault: "SIGKILL", situation });
    return it.kind === "nothing" ? [`– ${rows[situation]}: ${it.why}.`] : [];
  });
  return lines.length === 0 ? [] : [lines.join("<br>\n")];
}
