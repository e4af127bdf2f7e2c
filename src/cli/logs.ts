/** `logs [UNIT…] [-f] [-n N]`: needs no daemon, for what a dead one's units said is wanted most. */
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { findLogFiles, isPath, type LogFile } from "./log-files.ts";
import { type Printer, printer } from "./log-printer.ts";
import { LogTail } from "./log-tail.ts";
import { LogWatch } from "./log-watch.ts";
import { selectNames } from "./select-names.ts";
import { complainOfUnknown } from "./unknown-name.ts";

export interface LogsOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly follow?: boolean;
  /** Of each unit. */
  readonly lines: number;
}

export async function showLogs(
  context: Context,
  patterns: readonly string[],
  options: LogsOptions,
): Promise<number> {
  const client = await daemonClient(context, options.config);
  if (client === undefined) return exitStatus.unreachable;
  try {
    const found = await findLogFiles(client);
    if (found.kind !== "answered") return await complainOf(context, found);
    const all = found.value;
    const known = all.map(({ unit }) => unit);
    const selection = selectNames(patterns.length === 0 ? ["all"] : patterns, known);
    if (selection.kind === "unknown")
      return await complainOfUnknown(context, "unit", selection, known);
    const chosen = all.filter(({ unit }) => selection.names.includes(unit));
    for (const { unit, log } of chosen.filter((file) => !isPath(file))) {
      await context.err.write(`${unit}: ${log}\n`);
    }
    return await show(context, chosen.filter(isPath), options);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    await complain(context, `the output cannot be read: ${error.message}`);
    return exitStatus.failed;
  }
}

interface Source {
  readonly file: LogFile;
  readonly tail: LogTail;
}

async function show(
  context: Context,
  files: readonly LogFile[],
  { follow, json, lines }: LogsOptions,
): Promise<number> {
  const print = printer(
    context.out,
    files.map(({ unit }) => unit),
    json ?? false,
  );
  const sources = files.map((file): Source => ({ file, tail: new LogTail(file.log) }));
  if (follow) {
    await followAll(sources, lines, print, context.interrupted());
    return exitStatus.done;
  }
  for (const { file, tail } of sources) {
    await tail.seekLast(lines);
    for await (const line of tail.read()) await print(file.unit, line);
    for (const line of tail.rest()) await print(file.unit, line);
  }
  return exitStatus.done;
}

async function followAll(
  sources: readonly Source[],
  lines: number,
  print: Printer,
  interrupted: AbortSignal,
): Promise<void> {
  const paths = sources.map(({ file }) => file.log);
  // Before the first look, or what comes in between is seen with the next line only.
  using changes = new LogWatch(paths, interrupted);
  for (const { tail } of sources) {
    await tail.seekLast(lines);
  }
  let changed: ReadonlySet<string> = new Set(paths);
  while (!interrupted.aborted) {
    for (const { file, tail } of sources) {
      if (!changed.has(file.log)) continue;
      for await (const line of tail.read()) await print(file.unit, line);
    }
    changed = await changes.next(interrupted);
  }
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error;
