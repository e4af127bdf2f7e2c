/** The program: hands the process that it runs in to the command that was chosen. */
import { once } from "node:events";
import { homedir } from "node:os";
import { isatty, type WriteStream } from "node:tty";
import type { Context, Stream } from "./cli/context.ts";
import { paintFor } from "./cli/paint.ts";
import { runCli } from "./cli/run-cli.ts";

const narrowest = 60;
/** Of a terminal that does not know how high it is. */
const usualRows = 24;

function streamOf(stream: WriteStream & { readonly fd: number }): Stream {
  // The reader of a pipe may leave early: `sails-supervisor logs | head`.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  const isTerminal = isatty(stream.fd);
  return {
    write: async (text) => {
      if (!stream.write(text)) await once(stream, "drain");
    },
    isTerminal,
    columns: () => (isTerminal ? Math.max(narrowest, stream.columns) : 80),
    rows: () => (isTerminal ? stream.rows || usualRows : Number.POSITIVE_INFINITY),
    paint: paintFor(isTerminal, process.env),
  };
}

function untilInterrupted(): AbortSignal {
  const interruption = new AbortController();
  process.once("SIGINT", () => interruption.abort());
  process.once("SIGTERM", () => interruption.abort());
  return interruption.signal;
}

const context: Context = {
  out: streamOf(process.stdout),
  err: streamOf(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  uid: process.getuid?.() ?? 0,
  interrupted: untilInterrupted,
  runDaemon: async (options) => {
    const { runDaemon } = await import("./daemon.ts");
    return runDaemon(options);
  },
  sweep: async () => {
    const { runSweep } = await import("./daemon/sweep.ts");
    return runSweep();
  },
  async *journal(words, signal) {
    const { readJournal } = await import("./host/journal-reader.ts");
    return yield* readJournal(words, signal);
  },
  journalIdentifiers: async () => {
    const { journalIdentifiers } = await import("./host/journal-reader.ts");
    return journalIdentifiers();
  },
  draft: async (place) => {
    const { draftFrom } = await import("./init.ts");
    return draftFrom(place);
  },
  examine: async (configFile) => {
    const { examine } = await import("./doctor.ts");
    return examine(configFile);
  },
  doctorWork: async (configFile) => {
    const { doctorWork } = await import("./doctor.ts");
    return doctorWork(configFile);
  },
  openDatabase: async (config) => {
    const { openDatabase } = await import("./daemon/offline-database.ts");
    return openDatabase(config, process.env);
  },
  confirm: async (question) => {
    const { createInterface } = await import("node:readline/promises");
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await terminal.question(`${question} [y/N] `);
    terminal.close();
    return /^y(es)?$/i.test(answer.trim());
  },
  databaseWork: async () => {
    const { serveDatabaseWork } = await import("./host/database/worker.ts");
    return serveDatabaseWork();
  },
};

process.exitCode = await runCli(context, process.argv.slice(2));
