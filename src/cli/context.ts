/** All that a command gets from the process that it runs in, so that a test can hand it something else. */
import type { Config } from "../config/config.ts";
import type { BackupsResult, VerifyResult } from "../control/control-plane.ts";
import type { JobStatus } from "../control/status.ts";
import type { DoctorReport } from "../doctor/finding.ts";
import type { Paint } from "./paint.ts";

export interface Context {
  readonly out: Stream;
  readonly err: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly uid: number;
  /** From its first call on, Ctrl-C aborts this instead of ending the program. */
  readonly interrupted: () => AbortSignal;
  readonly runDaemon: (options: DaemonOptions) => Promise<number>;
  readonly sweep: () => Promise<number>;
  /** Without the daemon, and as long as this is held none can start. */
  readonly openDatabase: (config: Config) => Promise<OpenedDatabase>;
  /** Asks on the terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** The process that works on databases for another one. */
  readonly databaseWork: () => Promise<number>;
  /**
   * The entries that `journalctl WORD…` finds, oldest first, and at the end what it complained of.
   * With `--follow` it goes on until the signal aborts. Throws where there is no journalctl.
   */
  readonly journal: (
    words: readonly string[],
    signal: AbortSignal,
  ) => AsyncGenerator<JournalEntry, string>;
  /** All names under which something stands in the journal. */
  readonly journalIdentifiers: () => Promise<readonly string[]>;
  readonly draft: (place: DraftPlace) => Promise<Drafted>;
  /** Ends in five seconds, whatever hangs. */
  readonly examine: (configFile: string | undefined) => Promise<DoctorReport>;
  /** The process that examines for another one. */
  readonly doctorWork: (configFile: string | undefined) => Promise<number>;
}

export interface JournalEntry {
  readonly identifier: string;
  readonly priority: number;
  readonly at: Date;
  readonly message: string;
  /** The same for all that comes over one connection to journald. */
  readonly stream: string | undefined;
}

export interface DraftPlace {
  readonly project: string;
  /** Python environments to try besides those that are in use. */
  readonly environments: readonly string[];
}

/** A configuration that goes on with what is there, and sentences about it. */
export interface Drafted {
  readonly text: string;
  readonly found: readonly string[];
  readonly assumed: readonly string[];
  readonly toDo: readonly string[];
}

interface DaemonOptions {
  readonly configFile: string | undefined;
  /** Only to see whether it would start. */
  readonly isTrial?: true;
}

export interface Stream {
  /** Resolves when the reader has room for more. */
  readonly write: (text: string) => Promise<void>;
  readonly isTerminal: boolean;
  /** 80 where there is no terminal. */
  readonly columns: () => number;
  readonly rows: () => number;
  readonly paint: Paint;
}

/** `taken`: by a daemon. */
export type OpenedDatabase =
  | { readonly kind: "opened"; readonly database: OfflineDatabase }
  | { readonly kind: "taken" };

export type JobEnd = NonNullable<JobStatus["last"]>;

type Step = (words: string) => void;

/** As the daemon does it. */
export interface OfflineDatabase extends Disposable {
  /** The ids of flow runs that have a process here all the same: a daemon that died leaves them. */
  readonly living: readonly string[];
  backup(step: Step): Promise<JobEnd>;
  list(): Promise<BackupsResult>;
  verify(file: string): Promise<VerifyResult>;
  restore(file: string, step: Step): Promise<JobEnd>;
}
