/** Runs somebody's command to its end. What it prints is told line by line, up to a limit. */
import type { Readable } from "node:stream";

export interface JobCommand {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly line: (text: string) => void;
}

export interface CommandEnd {
  readonly kind: "succeeded" | "failed" | "timeout" | "cut-short";
  /** `exited with status 3`, …; empty if it went well. */
  readonly how: string;
  readonly lastLine: string | undefined;
}

export const mostLines = 200;
export const longestLine = 1000;

export async function runJobCommand(job: JobCommand): Promise<CommandEnd> {
  const { execa } = await import("execa");
  const [file, ...args] = job.command;
  const child = execa(file, args, {
    cwd: job.directory,
    env: job.env,
    extendEnv: false,
    preferLocal: false,
    stdin: "ignore",
    // Nothing of it is kept: it may be gigabytes.
    buffer: false,
    reject: false,
    timeout: job.timeoutMs,
    cancelSignal: job.signal,
    detached: true,
    killDescendants: true,
    forceKillAfterDelay: 5_000,
  });
  const printed = new BoundedLines(job.line);
  for (const stream of [child.stdout, child.stderr]) printed.read(stream);
  const result = await child;
  printed.end();
  const { lastLine } = printed;
  if (!result.failed) return { kind: "succeeded", how: "", lastLine };
  if (result.timedOut) return { kind: "timeout", how: "took too long and was ended", lastLine };
  if (result.isCanceled) return { kind: "cut-short", how: "was cut short", lastLine };
  return { kind: "failed", how: howOf(result), lastLine };
}

function howOf(result: {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly originalMessage?: string | undefined;
}): string {
  if (result.exitCode !== undefined) return `exited with status ${result.exitCode}`;
  if (result.signal !== undefined) return `was ended by ${result.signal}`;
  return `could not be started: ${result.originalMessage ?? "for an unknown reason"}`;
}

class BoundedLines {
  lastLine: string | undefined;
  readonly #tell: (text: string) => void;
  readonly #open: (() => void)[] = [];
  #told = 0;
  #dropped = 0;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  read(stream: Readable): void {
    let begun = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      const lines = chunk.split("\n");
      lines[0] = begun + (lines[0] ?? "");
      begun = (lines.pop() ?? "").slice(0, longestLine);
      for (const line of lines) this.#take(line);
    });
    this.#open.push(() => this.#take(begun));
  }

  end(): void {
    for (const rest of this.#open) rest();
    if (this.#dropped > 0) this.#tell(`… and ${this.#dropped} more lines, which are not logged`);
  }

  #take(text: string): void {
    const line = text.trimEnd().slice(0, longestLine);
    if (line === "") return;
    this.lastLine = line;
    this.#told += 1;
    if (this.#told <= mostLines) this.#tell(line);
    else this.#dropped += 1;
  }
}
