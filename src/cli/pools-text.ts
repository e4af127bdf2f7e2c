/** The pools as text for people: whether they take new flow runs, and why not. */
import type { PoolStatus } from "../control/status.ts";
import { lateWords } from "../control/verdict.ts";
import { beneath, gap, type Lines, type Look, spanUntil } from "./look.ts";
import type { Tone } from "./paint.ts";
import { oneLine, padEnd, textWidth } from "./text-width.ts";

const intakeWidth = 8;
const restOfRow = intakeWidth + "RUNNING/LIMIT".length + 2 * gap.length;

export function poolTable(pools: readonly PoolStatus[], look: Look): Lines {
  if (pools.length === 0) return [];
  const longest = Math.max("POOL".length, ...pools.map(({ name }) => textWidth(oneLine(name))));
  const nameWidth = Math.min(longest, look.columns - restOfRow);
  const titles = [padEnd("POOL", nameWidth), padEnd("INTAKE", intakeWidth), "RUNNING/LIMIT"];
  return [
    look.paint("strong", titles.join(gap)),
    ...pools.flatMap((pool) => [
      ...poolRow(pool, nameWidth, look),
      ...remarks(pool, look.now).flatMap((words) => beneath(words, look)),
    ]),
  ];
}

function poolRow(pool: PoolStatus, nameWidth: number, { paint }: Look): Lines {
  const name = oneLine(pool.name);
  const intake = paint(toneOf(pool.intake), padEnd(pool.intake, intakeWidth));
  const line = (first: string): string =>
    [padEnd(first, nameWidth), intake, `${pool.runs}/${pool.concurrencyLimit ?? "-"}`].join(gap);
  return textWidth(name) <= nameWidth ? [line(name)] : [name, line("")];
}

function toneOf(intake: PoolStatus["intake"]): Tone {
  if (intake === "open") return "good";
  return intake === "drained" ? "faint" : "wait";
}

function remarks({ why, late, drainDeadline, detached }: PoolStatus, now: Date): Lines {
  return [
    ...(why === null ? [] : [why]),
    ...(late === null || late === 0 ? [] : [lateWords(late)]),
    ...(drainDeadline === null ? [] : [`gives up waiting in ${spanUntil(drainDeadline, now)}`]),
    ...(detached ? [] : ["its flow runs are not detached: they are lost when its worker dies"]),
  ];
}
