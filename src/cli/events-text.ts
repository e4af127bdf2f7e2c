/** What the daemon has said last, as text for people: the newest at the end, as in a log. */
import type { EventEntry } from "../control/status.ts";
import { type Lines, type Look, spanSince } from "./look.ts";
import type { Tone } from "./paint.ts";
import { cut, oneLine, wrap } from "./text-width.ts";

const shown = 5;
/** Three lines of a narrow terminal: the journal has all of it. */
const longest = 220;

export function eventList(events: readonly EventEntry[], { columns, paint, now }: Look): Lines {
  const told = events.filter(({ level }) => level !== "info").slice(0, shown);
  if (told.length === 0) return [];
  const lines = told.toReversed().flatMap(({ at, level, text }) => {
    const words = `${spanSince(at, now)} ago: ${cut(oneLine(text), longest)}`;
    return wrap(words, columns - 4).map(
      (line, i) => (i === 0 ? "  " : "    ") + paint(tones[level], line),
    );
  });
  return [paint("strong", "LAST EVENTS"), ...lines];
}

const tones = {
  info: "faint",
  notice: "good",
  warn: "wait",
  error: "bad",
} as const satisfies Record<EventEntry["level"], Tone>;
