/** What this folder needs of the machine. `host/` implements it; tests script it. */
import type { Probe } from "../supervision/probe.ts";

export interface Machine {
  readonly hostname: string;
  /** Why it cannot be listened on, and if it is taken by whom; undefined if it can. */
  portTrouble(host: string, port: number): Promise<string | undefined>;
  /** Makes the folder if it is missing; why it cannot be written to, or undefined if it can. */
  whyNotWritable(folder: string): Promise<string | undefined>;
  isExecutable(file: string): Promise<boolean>;
  /** Of a connection of its own, so that a server that no longer accepts is seen. */
  httpProbe(url: string): Probe;
}

export interface Files {
  /** Undefined if it is not there, or no file. */
  read(path: string): Promise<string | undefined>;
  /** As a whole or not at all. */
  write(path: string, text: string): Promise<void>;
  exists(path: string): Promise<boolean>;
}

/** Runs a command to its end. A failure to start it is a result too. */
export type RunCommand = (request: CommandRequest) => Promise<CommandResult>;

export interface CommandRequest {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface CommandResult {
  readonly isOk: boolean;
  /** `exited with status 1`, `was not done within 120 s`, …; empty if it went well. */
  readonly how: string;
  /** Both streams in order, at most the last 64 KiB. */
  readonly output: string;
}
