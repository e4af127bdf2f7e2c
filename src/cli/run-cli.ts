/** From the words of the command line to an exit status. */
import { CommanderError } from "commander";
import type { Context } from "./context.ts";
import { exitStatus } from "./exit-status.ts";
import { buildProgram } from "./program.ts";

/** @param words without the program's own name */
export async function runCli(context: Context, words: readonly string[]): Promise<number> {
  let result: number = exitStatus.done;
  const program = buildProgram(context, (status) => {
    result = status;
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return result;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // It has said what is wrong. For `--help` and `--version` nothing is.
    return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
  }
}
