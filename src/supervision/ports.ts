/** What supervision needs from the outside. `host/` implements these; tests script them. */
import type { Exit } from "./exit.ts";
import type { Millis } from "./time.ts";

export interface Clock {
  /** Monotonic; never the wall clock. */
  now(): Millis;
  /** Calls `run` once, after the span; never from inside this call. */
  schedule(span: Millis, run: () => void): Cancel;
}

export type Cancel = () => void;

/** Uniform in [0, 1). */
export type Dice = () => number;

export interface ProcessSpec {
  /** Program and arguments; a program without a slash is looked up on the PATH of `env`. */
  readonly command: readonly [string, ...string[]];
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /**
   * As in systemd.kill(5): `control-group` ends what the main process left behind, whenever it
   * ends; `process` leaves that alone, for it may be somebody's work.
   */
  readonly killMode: "control-group" | "process";
}

export interface Launcher {
  /** Never throws: a failed spawn is an `Exit` too. */
  launch(unit: string, process: ProcessSpec): Child;
}

export interface Child {
  /** Undefined if the spawn failed. */
  readonly pid: number | undefined;
  /** Never rejects. Settles when the process itself has gone, never on the end of its output. */
  readonly ended: Promise<Ended>;
  /** To the main process alone. */
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL to the main process and, in `control-group` mode, to everything that it started. */
  kill(): void;
}

/** A child that an earlier daemon started. */
export interface Adoptable {
  readonly child: Child;
  readonly spawnedAt: Millis;
  /** The same on the wall clock. */
  readonly startedAt: Date;
  /** How often the unit has been started, this child included. */
  readonly spawns: number;
  /** Whether it is what the unit asks for now. */
  readonly isSame: boolean;
}

export interface Ended {
  readonly exit: Exit;
  /** The end of its output, oldest first, for the reason. */
  readonly lastLines: readonly string[];
}
