/** The status as text for people. */
import type { Problem, Status, UnitStatus } from "../control/status.ts";
import { verdictOf } from "../control/verdict.ts";
import { checkTable } from "./checks-text.ts";
import { environmentTable } from "./env-text.ts";
import { eventList } from "./events-text.ts";
import { jobTable } from "./jobs-text.ts";
import { beneath, gap, type Lines, type Look, spanSince } from "./look.ts";
import type { Tone } from "./paint.ts";
import { poolTable } from "./pools-text.ts";
import { oneLine, padEnd, textWidth, wrap } from "./text-width.ts";

/** @param part only the table: what is asked for is not the whole */
export function statusText(status: Status, look: Look, part: "whole" | "units"): string {
  const table = unitTable(status.units, look);
  const sections =
    part === "units"
      ? [table]
      : [
          header(status, look),
          table,
          poolTable(status.pools, look),
          checkTable(status.checks, look),
          jobTable(status.jobs, look),
          environmentTable(status.environment, look),
          eventList(status.events, look),
          problemList(status, look),
        ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(""))
    .join("\n");
}

function header(status: Status, { columns, paint, now }: Look): Lines {
  const { supervisor } = status;
  const { words, why, tone } = verdictOf(status);
  const verdict = why === undefined ? words : `${words}: ${why}`;
  const about = `version ${supervisor.version}, process ${supervisor.pid}, up ${spanSince(supervisor.startedAt, now)}, configuration ${supervisor.config ?? "the defaults"}`;
  return [
    ...wrap(oneLine(`sails-supervisor is ${verdict}`), columns).map((line) => paint(tone, line)),
    ...wrap(oneLine(about), columns).map((line) => paint("faint", line)),
  ];
}

const stateWidth = 8;
const readyWidth = 5;
const sinceWidth = 11;
const restOfRow = stateWidth + readyWidth + sinceWidth + "RESTARTS".length + 4 * gap.length;

function unitTable(units: readonly UnitStatus[], look: Look): Lines {
  if (units.length === 0) return ["No unit is declared."];
  const longest = Math.max("UNIT".length, ...units.map(({ name }) => textWidth(oneLine(name))));
  const nameWidth = Math.min(longest, look.columns - restOfRow);
  const titles = row(padEnd("UNIT", nameWidth), "STATE", "READY", "SINCE", "RESTARTS");
  return [
    look.paint("strong", titles),
    ...units.flatMap((unit) => [...unitRow(unit, nameWidth, look), ...details(unit, look)]),
  ];
}

const row = (name: string, state: string, ready: string, since: string, restarts: string): string =>
  [
    name,
    padEnd(state, stateWidth),
    padEnd(ready, readyWidth),
    padEnd(since, sinceWidth),
    restarts,
  ].join(gap);

function unitRow(unit: UnitStatus, nameWidth: number, { paint, now }: Look): Lines {
  const name = oneLine(unit.name);
  const ready = unit.ready ? "yes" : unit.desired === "up" ? "no" : "-";
  const since = spanSince(unit.since, now);
  const line = (first: string): string => {
    const state = paint(toneOf(unit), padEnd(unit.state, stateWidth));
    return row(first, state, ready, since, String(unit.restarts));
  };
  return textWidth(name) <= nameWidth
    ? [line(padEnd(name, nameWidth))]
    : [name, line(" ".repeat(nameWidth))];
}

function toneOf({ desired, ready, state }: UnitStatus): Tone {
  if (ready) return "good";
  if (desired === "down") return "faint";
  return state === "backoff" || state === "running" ? "bad" : "wait";
}

function details({ ready, state, reason, next }: UnitStatus, look: Look): Lines {
  if (ready && state === "running") return [];
  return [reason, ...(next === null ? [] : [`next: ${next}`])].flatMap((words) =>
    beneath(words, look),
  );
}

function problemList(status: Status, { columns, paint }: Look): Lines {
  if (status.problems.length === 0) return [];
  const problem = ({ what, cure }: Problem): Lines => [
    ...hang("- ", oneLine(what), columns),
    ...(cure === null ? [] : hang("  ", `what to do: ${oneLine(cure)}`, columns)),
  ];
  return [paint("strong", "PROBLEMS"), ...status.problems.flatMap(problem)];
}

const hang = (mark: string, words: string, columns: number): Lines =>
  wrap(words, columns - mark.length).map((line, i) => (i === 0 ? mark : "  ") + line);
