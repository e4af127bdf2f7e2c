/** Runs a command to its end and returns what it printed; a failure is thrown with its last words. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface CompleteOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function complete(
  program: string,
  args: readonly string[],
  options: CompleteOptions,
): Promise<string> {
  const maxBuffer = 16 * 1024 * 1024;
  try {
    return (await promisify(execFile)(program, args, { maxBuffer, ...options })).stdout;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const printed = "stderr" in error && typeof error.stderr === "string" ? error.stderr : "";
    const last = printed.trim().split("\n").at(-1);
    throw new Error(`${program}: ${last === undefined || last === "" ? error.message : last}`, {
      cause: error,
    });
  }
}
