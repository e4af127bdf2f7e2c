/** What the doctor needs of the machine, of Prefect and of the daemon. `doctor.ts` beside the folder puts it together. */
import type { Config } from "../config/config.ts";
import type { Status } from "../control/status.ts";
import type { CommandLine } from "../init/by-hand.ts";
import type { PrefectApi, Worker, WorkPool } from "../prefect/api/client.ts";
import type { Deployment, GlobalLimit, LateRun } from "../prefect/api/declared.ts";
import type { Answer } from "../prefect/api/transport.ts";

export interface Scene {
  readonly config: Config;
  readonly eyes: Eyes;
  /** Undefined where there is no Prefect to look after. */
  readonly prefect: PrefectView | undefined;
  readonly daemon: () => Promise<DaemonView>;
  /** The environment of whoever asks. */
  readonly shell: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
  readonly now: Date;
}

/** Each is asked once, however many examinations want to know. */
export interface PrefectView {
  readonly pools: () => ReturnType<PrefectApi["pools"]>;
  readonly workers: (pool: string) => Promise<Answer<readonly Worker[]>>;
  readonly deployments: () => Promise<Answer<readonly Deployment[]>>;
  readonly limits: () => Promise<Answer<readonly GlobalLimit[]>>;
  readonly lateRuns: () => Promise<Answer<readonly LateRun[]>>;
}

export type { Deployment, LateRun, Worker, WorkPool };

export type DaemonView =
  | { readonly kind: "answers"; readonly status: Status }
  | { readonly kind: "unreachable"; readonly why: string; readonly cure: string };

/** What was looked at. Never rejects; `silent`: the file system that it is on does not answer. */
export type Seen<T> =
  | { readonly kind: "seen"; readonly value: T }
  | { readonly kind: "absent" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "silent" };

export interface Eyes {
  /** At most a mebibyte of it. */
  readonly read: (file: string) => Promise<Seen<string>>;
  readonly entry: (path: string) => Promise<Seen<Entry>>;
  /** Of the nearest folder that is there. */
  readonly volume: (path: string) => Promise<Seen<Volume>>;
  /** The names in a folder that match a pattern of the shell's. */
  readonly matching: (folder: string, pattern: string) => Promise<Seen<readonly string[]>>;
  /** Those that are not there. */
  readonly missing: (paths: readonly string[]) => Promise<Seen<readonly string[]>>;
  /** What a program prints; `refused` if it ends otherwise than with 0. */
  readonly run: (...words: readonly [string, ...string[]]) => Promise<Seen<string>>;
  /** What is mounted, the last one on top. */
  readonly mounts: () => readonly Mount[];
  /** Those of everybody that can be looked into. */
  readonly processes: () => readonly SeenProcess[];
  /** Who has this file open, among these. */
  readonly holders: (file: string, among: readonly SeenProcess[]) => readonly SeenProcess[];
  /** The systemd service that a process belongs to. */
  readonly unitOf: (pid: number) => SystemdUnit | undefined;
  /** The clock of a server, by its answer. */
  readonly clockOf: (url: string) => Promise<Date | undefined>;
  readonly bootedAt: Date;
}

export interface Entry {
  /** As in `ls -l`, in octal: 0o640. */
  readonly mode: number;
  readonly bytes: number;
  /** Undefined where the file system does not know. */
  readonly bornAt: Date | undefined;
}

export interface Volume {
  /** The mount point. */
  readonly mount: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Undefined where the file system counts none. */
  readonly freeFiles: number | undefined;
}

export interface Mount {
  readonly point: string;
  /** `ext4`, `nfs4`, `fuse.sshfs`, … */
  readonly type: string;
  /** `/dev/vdb`, `host:/folder`. */
  readonly source: string;
}

export interface SeenProcess extends CommandLine {
  readonly parent: number;
  /** Whether a supervisor has started it. */
  readonly isSupervised: boolean;
}

export interface SystemdUnit {
  readonly name: string;
  readonly isUsers: boolean;
}
