/** Prints lines of output, with the unit before them if there are several. */
import { styleText } from "node:util";
import type { Stream } from "./context.ts";
import type { LogLine } from "./log-line.ts";
import { padEnd, textWidth } from "./text-width.ts";

export type Printer = (line: LogLine) => Promise<void>;

/** Not red: it would look like an error. */
const colours = ["cyan", "yellow", "magenta", "green", "blue"] as const;

// All control characters but the tab, and with them the sequences that set colours.
const controls = /(?!\t)\p{Cc}(?:\[[\d;:]*m)?/gu;
const escape = "\u001b";

/** A terminal obeys what it reads: colours may pass, nothing else. */
const tame = (line: string): string => {
  const tamed = line.replace(controls, (found) =>
    found.startsWith(`${escape}[`) ? found : `\ufffd${found.slice(1)}`,
  );
  return tamed.includes(escape) ? `${tamed}${escape}[0m` : tamed;
};

export function printer(out: Stream, units: readonly string[], json: boolean): Printer {
  if (json) {
    return ({ unit, line, at, level }) =>
      out.write(`${JSON.stringify({ unit, line, at: at?.toISOString() ?? null, level })}\n`);
  }
  const prefixes = units.length > 1 ? prefixesOf(out, units) : new Map<string, string>();
  return ({ unit, line }) =>
    out.write(`${prefixes.get(unit) ?? ""}${out.isTerminal ? tame(line) : line}\n`);
}

function prefixesOf(out: Stream, units: readonly string[]): ReadonlyMap<string, string> {
  const width = Math.max(...units.map(textWidth));
  const isColourful = out.paint("strong", "x") !== "x";
  return new Map(
    units.map((unit, i) => {
      const prefix = `${padEnd(unit, width)} | `;
      const colour = colours[i % colours.length] ?? "cyan";
      const painted = styleText(colour, prefix, { validateStream: false });
      return [unit, isColourful ? painted : prefix] as const;
    }),
  );
}
