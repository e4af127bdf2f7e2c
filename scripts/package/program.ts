/** The tree of commands, to be read: nobody chooses a command of it. */
import type { Command } from "commander";
import type { Context } from "../../src/cli/context.ts";
import { paintFor } from "../../src/cli/paint.ts";
import { buildProgram } from "../../src/cli/program.ts";

export function programToRead(): Command {
  const stream = {
    write: async () => undefined,
    isTerminal: false,
    columns: () => 80,
    rows: () => 24,
    paint: paintFor(false, {}),
  };
  const never = (): never => {
    throw new Error("this program is only read");
  };
  const context: Context = {
    out: stream,
    err: stream,
    env: {},
    cwd: "/",
    home: "/",
    uid: 0,
    interrupted: never,
    runDaemon: never,
    sweep: never,
    openDatabase: never,
    confirm: never,
    databaseWork: never,
    journal: never,
    journalIdentifiers: never,
    examine: never,
    doctorWork: never,
    draft: never,
  };
  return buildProgram(context, never);
}
