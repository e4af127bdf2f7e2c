/** Runs a command to its end: for what takes seconds, not for what is supervised. */
import type { CommandRequest, CommandResult } from "../prefect/ports.ts";

const keptOutput = 64 * 1024;

export async function runCommand({
  command: [file, ...args],
  env,
  directory,
  timeoutMs,
  signal,
}: CommandRequest): Promise<CommandResult> {
  // Loaded late: a daemon that finds everything in order runs no command at all.
  const { execa } = await import("execa");
  const result = await execa(file, args, {
    cwd: directory,
    env,
    extendEnv: false,
    preferLocal: false,
    stdin: "ignore",
    all: true,
    reject: false,
    timeout: timeoutMs,
    cancelSignal: signal,
    // What it started must not outlive it.
    detached: true,
    killDescendants: true,
    forceKillAfterDelay: 2_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return { isOk: !result.failed, how: howOf(result), output: result.all.slice(-keptOutput) };
}

function howOf(result: {
  readonly failed: boolean;
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly originalMessage?: string | undefined;
}): string {
  if (!result.failed) return "";
  if (result.timedOut) return "took too long and was ended";
  if (result.isCanceled) return "was cut short";
  if (result.exitCode !== undefined) return `exited with status ${result.exitCode}`;
  if (result.signal !== undefined) return `was ended by ${result.signal}`;
  return `could not be started: ${result.originalMessage ?? "for an unknown reason"}`;
}
