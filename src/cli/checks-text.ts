/** The checks as text for people: what does not hold says why, and what comes next. */
import type { CheckStatus } from "../control/status.ts";
import { beneath, gap, type Lines, type Look, spanSince } from "./look.ts";
import type { Tone } from "./paint.ts";
import { oneLine, padEnd, textWidth } from "./text-width.ts";

const stateWidth = 7;
const sinceWidth = 11;
const restOfRow = stateWidth + sinceWidth + 2 * gap.length;

export function checkTable(checks: readonly CheckStatus[], look: Look): Lines {
  if (checks.length === 0) return [];
  const longest = Math.max("CHECK".length, ...checks.map(({ name }) => textWidth(oneLine(name))));
  const nameWidth = Math.min(longest, look.columns - restOfRow);
  const titles = [padEnd("CHECK", nameWidth), padEnd("STATE", stateWidth), "SINCE"];
  return [
    look.paint("strong", titles.join(gap)),
    ...checks.flatMap((check) => [...checkRow(check, nameWidth, look), ...details(check, look)]),
  ];
}

function checkRow({ name, state, since }: CheckStatus, nameWidth: number, look: Look): Lines {
  const shown = oneLine(name);
  const line = (first: string): string => {
    const word = look.paint(tones[state], padEnd(state, stateWidth));
    return [padEnd(first, nameWidth), word, spanSince(since, look.now)].join(gap);
  };
  return textWidth(shown) <= nameWidth ? [line(shown)] : [shown, line("")];
}

const tones = {
  ok: "good",
  warn: "wait",
  fail: "bad",
  hangs: "bad",
  unknown: "wait",
} as const satisfies Record<CheckStatus["state"], Tone>;

function details({ state, reason, next, pools }: CheckStatus, look: Look): Lines {
  if (state === "ok") return [];
  const required = pools.length === 0 ? [] : [`required by ${pools.join(", ")}`];
  return [reason, `next: ${next}`, ...required].flatMap((words) => beneath(words, look));
}
