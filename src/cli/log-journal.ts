/** Output that is in the journal: what is asked of journalctl, and how its entries are lines of units. */
import { runIdentifier, unitOfIdentifier } from "../control/journal-identifiers.ts";
import type { Context } from "./context.ts";
import { type LogLine, levelOfPriority, levels, type Wanted } from "./log-line.ts";

export interface JournalQuery extends Wanted {
  /** What it is about: `-t IDENTIFIER`, `_STREAM_ID=…`. */
  readonly matches: readonly string[];
  readonly follow: boolean;
  /** The last so many; undefined: all. */
  readonly lines: number | undefined;
}

export function journalWords(query: JournalQuery): readonly string[] {
  const { matches, follow, lines, level, since, until } = query;
  const span = [
    ...(since === undefined ? [] : [`--since=@${since.getTime() / 1000}`]),
    ...(until === undefined ? [] : [`--until=@${until.getTime() / 1000}`]),
  ];
  // Journalctl itself does not look at the beginning of a span when it counts from the end.
  const count = since === undefined && lines !== undefined ? ["-n", String(lines)] : [];
  return [
    ...(follow ? ["--follow", ...(count.length === 0 ? ["--no-tail"] : [])] : []),
    ...count,
    ...span,
    ...(level === undefined ? [] : ["-p", String(levels[level])]),
    ...matches,
  ];
}

/** How many lines were shown, and what journalctl complained of. */
export interface Shown {
  readonly lines: number;
  readonly complaint: string;
}

export async function showJournal(
  { journal }: Pick<Context, "journal">,
  query: JournalQuery,
  print: (line: LogLine) => Promise<void>,
  signal: AbortSignal,
): Promise<Shown> {
  const entries = journal(journalWords(query), signal);
  const kept: LogLine[] = [];
  // With a beginning, the newest lines are known only at the end.
  const holds = query.since !== undefined && query.lines !== undefined && !query.follow;
  let lines = 0;
  for (;;) {
    const next = await entries.next();
    if (next.done === true) {
      for (const line of kept) await print(line);
      return { lines, complaint: next.value };
    }
    const { identifier, message, at, priority } = next.value;
    const unit = unitOfIdentifier(identifier) ?? runIdentifier;
    const line = { unit, line: message, at, level: levelOfPriority(priority) };
    lines += 1;
    if (!holds) await print(line);
    else if (kept.push(line) > (query.lines ?? 0)) kept.shift();
  }
}

/** Of journalctl's own words, in whatever version. */
const isHidden = (complaint: string): boolean =>
  /insufficient permissions|not seeing messages from/i.test(complaint);

/** Why nothing was shown, if that is why; with what can be done. */
export function whyHidden({ lines, complaint }: Shown): readonly [string, string] | undefined {
  if (lines > 0 || !isHidden(complaint)) return undefined;
  return [
    "the journal shows you nothing of it: it may be read only by root, by members of the groups systemd-journal and adm, and by the user that the daemon runs as",
    'have an administrator run `usermod -aG systemd-journal "$USER"` for you and log in anew, or put sudo before this command',
  ];
}

/** Why this user sees nothing at all of the journal, if that is so and there is one. */
export async function whyNothingIsSeen(
  { journal }: Pick<Context, "journal">,
  signal: AbortSignal,
): Promise<readonly [string, string] | undefined> {
  try {
    const entries = journal(["-n", "1"], signal);
    for (let lines = 0; ; lines += 1) {
      const next = await entries.next();
      if (next.done === true) return whyHidden({ lines, complaint: next.value });
    }
  } catch {
    // There is no journalctl here.
    return undefined;
  }
}
