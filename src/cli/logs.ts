/** `logs [UNIT…]`, `logs --run RUN`: needs no daemon, for what a dead one's units said is wanted most. */
import { journalIdentifier, runIdentifier } from "../control/journal-identifiers.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { LineReader } from "./line-reader.ts";
import { findLogPlaces, isInJournal, isPath, type LogPlace } from "./log-files.ts";
import { showJournal, whyHidden, whyNothingIsSeen } from "./log-journal.ts";
import { isWanted, type LogLevel, type Wanted, wantsAll } from "./log-line.ts";
import { type Printer, printer } from "./log-printer.ts";
import { findRun } from "./log-run.ts";
import { LogTail } from "./log-tail.ts";
import { LogWatch } from "./log-watch.ts";
import { selectNames } from "./select-names.ts";
import { complainOfUnknown } from "./unknown-name.ts";

export interface LogsOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly follow?: boolean;
  /** The last so many; of each unit, where it is in a file. */
  readonly lines?: number;
  readonly run?: string;
  readonly level?: LogLevel;
  readonly since?: Date;
  readonly until?: Date;
}

/** Where nothing else says how much is wanted. */
const usualLines = 50;

export async function showLogs(
  context: Context,
  patterns: readonly string[],
  options: LogsOptions,
): Promise<number> {
  const client = await daemonClient(context, options.config);
  if (client === undefined) return exitStatus.unreachable;
  const { signal } = new AbortController();
  try {
    if (options.run !== undefined) {
      if (patterns.length > 0) {
        await complain(context, "a flow run has an output of its own", "leave the units out");
        return exitStatus.usage;
      }
      return await showRun(context, await findRun(context, client, options.run, signal), {
        ...options,
        run: options.run,
      });
    }
    const found = await findLogPlaces(context, client, signal);
    if (found.kind !== "answered") {
      const status = await complainOf(context, found);
      const hidden = await whyNothingIsSeen(context, signal);
      if (hidden !== undefined) {
        const [what, cure] = hidden;
        await context.err.write(`And if it runs under systemd, ${what}: ${cure}.\n`);
      }
      return status;
    }
    const all = found.value;
    const known = all.map(({ unit }) => unit);
    const selection = selectNames(patterns.length === 0 ? ["all"] : patterns, known);
    if (selection.kind === "unknown")
      return await complainOfUnknown(context, "unit", selection, known);
    const chosen = all.filter(({ unit }) => selection.names.includes(unit));
    for (const { unit, log } of chosen.filter((place) => !isPath(place) && !isInJournal(place))) {
      await context.err.write(`${unit}: ${log}\n`);
    }
    return await show(context, chosen, options);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    await complain(context, `the output cannot be read: ${error.message}`);
    return exitStatus.failed;
  }
}

async function showRun(
  context: Context,
  found: Awaited<ReturnType<typeof findRun>>,
  options: LogsOptions & { readonly run: string },
): Promise<number> {
  // All of it, unless less is asked for.
  const lines = options.lines ?? (options.follow === true ? undefined : Number.MAX_SAFE_INTEGER);
  const whole = { ...options, ...(lines === undefined ? {} : { lines }) };
  switch (found.kind) {
    case "file":
      return await show(context, [{ unit: runIdentifier, log: found.path }], whole);
    case "streams": {
      const matches = found.ids.map((id) => `_STREAM_ID=${id}`);
      const print = printer(context.out, [runIdentifier], options.json ?? false);
      return await inJournal(
        context,
        matches,
        options,
        undefined,
        print,
        abortOf(context, options),
      );
    }
    case "ambiguous":
      await complain(
        context,
        `${options.run} may be any of these:${found.runs.map((id) => `\n  ${id}`).join("")}`,
        "say which by its id, or by enough of its beginning",
      );
      return exitStatus.usage;
    case "unknown": {
      const hidden = whyHidden({ lines: 0, complaint: found.complaint });
      await complain(
        context,
        `no output of a flow run ${options.run} is here`,
        hidden === undefined
          ? "take its id, which Prefect's pages show; a run that is not detached prints into the output of its worker"
          : `${hidden[1]}, for ${hidden[0]}`,
      );
      return exitStatus.failed;
    }
    default:
      return found satisfies never;
  }
}

async function show(
  context: Context,
  places: readonly LogPlace[],
  options: LogsOptions,
): Promise<number> {
  const { follow, json } = options;
  const journalled = places.filter(isInJournal);
  const files = places.filter(isPath);
  const print = printer(
    context.out,
    places.filter((place) => isPath(place) || isInJournal(place)).map(({ unit }) => unit),
    json ?? false,
  );
  const signal = abortOf(context, options);
  const matches = journalled.flatMap(({ unit }) => ["-t", journalIdentifier(unit)]);
  const lines = options.lines ?? (options.since === undefined ? usualLines : undefined);
  const fromJournal = (): Promise<number> =>
    journalled.length === 0
      ? Promise.resolve(exitStatus.done)
      : inJournal(context, matches, options, lines, print, signal);
  if (follow === true) {
    const [status] = await Promise.all([
      fromJournal(),
      followAll(files.map(sourceOf), lines, wantedOf(options), print, signal),
    ]);
    return status;
  }
  for (const source of files.map(sourceOf)) await readAll(source, lines, wantedOf(options), print);
  return await fromJournal();
}

const abortOf = (context: Context, { follow }: LogsOptions): AbortSignal =>
  follow === true ? context.interrupted() : new AbortController().signal;

const wantedOf = ({ level, since, until }: LogsOptions): Wanted => ({ level, since, until });

async function inJournal(
  context: Context,
  matches: readonly string[],
  options: LogsOptions,
  lines: number | undefined,
  print: Printer,
  signal: AbortSignal,
): Promise<number> {
  const query = { ...wantedOf(options), matches, follow: options.follow ?? false, lines };
  const shown = await showJournal(context, query, print, signal);
  const hidden = signal.aborted ? undefined : whyHidden(shown);
  if (hidden === undefined) return exitStatus.done;
  await complain(context, ...hidden);
  return exitStatus.failed;
}

interface Source {
  readonly log: string;
  readonly tail: LogTail;
  readonly reader: LineReader;
}

const sourceOf = ({ unit, log }: LogPlace): Source => ({
  log,
  tail: new LogTail(log),
  reader: new LineReader(unit),
});

/** Of what is chosen out of the whole, the last lines are known only at its end. */
async function readAll(
  { tail, reader }: Source,
  lines: number | undefined,
  wanted: Wanted,
  print: Printer,
): Promise<void> {
  const count = lines ?? Number.MAX_SAFE_INTEGER;
  if (wantsAll(wanted)) await tail.seekLast(count);
  else await tail.seekLast(Number.MAX_SAFE_INTEGER);
  const kept = [];
  for await (const text of allOf(tail)) {
    const line = reader.read(text);
    if (!isWanted(wanted, line)) continue;
    if (wantsAll(wanted)) await print(line);
    else if (kept.push(line) > count) kept.shift();
  }
  for (const line of kept) await print(line);
}

async function* allOf(tail: LogTail): AsyncGenerator<string> {
  yield* tail.read();
  yield* tail.rest();
}

async function followAll(
  sources: readonly Source[],
  lines: number | undefined,
  wanted: Wanted,
  print: Printer,
  interrupted: AbortSignal,
): Promise<void> {
  if (sources.length === 0) return;
  const paths = sources.map(({ log }) => log);
  // Before the first look, or what comes in between is seen with the next line only.
  using changes = new LogWatch(paths, interrupted);
  for (const { tail } of sources) {
    await tail.seekLast(lines ?? Number.MAX_SAFE_INTEGER);
  }
  let changed: ReadonlySet<string> = new Set(paths);
  while (!interrupted.aborted) {
    for (const { log, tail, reader } of sources) {
      if (!changed.has(log)) continue;
      for await (const text of tail.read()) {
        const line = reader.read(text);
        if (isWanted(wanted, line)) await print(line);
      }
    }
    changed = await changes.next(interrupted);
  }
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error;
