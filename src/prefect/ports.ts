/** What this folder needs of the machine. `host/` implements it; tests script it. */
import type { Exit } from "../supervision/exit.ts";
import type { Probe } from "../supervision/probe.ts";
import type { Millis } from "../supervision/time.ts";

export interface Machine {
  readonly hostname: string;
  /** Why it cannot be listened on, and if it is taken by whom; undefined if it can. */
  portTrouble(host: string, port: number): Promise<string | undefined>;
  /** Makes the folder if it is missing; why it cannot be written to, or undefined if it can. */
  whyNotWritable(folder: string): Promise<string | undefined>;
  isExecutable(file: string): Promise<boolean>;
  /** Where it leads, as an absolute path; undefined if it is no link. */
  linkTarget(path: string): Promise<string | undefined>;
  /** What a process has used of the processors since its start; undefined if it has gone. */
  cpuSeconds(pid: number): number | undefined;
  /** Whether a signal has stopped it: it is there, and does nothing. */
  isStopped(pid: number): boolean;
  /** `unresponsive`: it answers, and says that it is not well. */
  healthOf(
    url: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<"ok" | "unresponsive" | "silent">;
  /** Of a file that may lie on a file system that does not answer; undefined if it cannot be seen. */
  bytesOf(file: string): Promise<number | undefined>;
  /** Of a connection of its own, so that a server that no longer accepts is seen. */
  httpProbe(url: string): Probe;
}

export interface Files {
  /** Undefined if it is not there, or no file. */
  read(path: string): Promise<string | undefined>;
  /** As a whole or not at all. */
  write(path: string, text: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  rename(from: string, to: string): Promise<void>;
}

/** Reads a file that may lie on a file system which does not answer. Never rejects, and never hangs. */
export type ReadRemote = (file: string) => Promise<RemoteText>;

export type RemoteText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failed"; readonly why: string };

/** A sum for each of these files that can be read; the others are left out. Never rejects, and never hangs. */
export type SumRemote = (files: readonly string[]) => Promise<RemoteSums>;

export type RemoteSums =
  | { readonly kind: "sums"; readonly sums: ReadonlyMap<string, string> }
  /** Nothing is known of any of them. */
  | { readonly kind: "failed"; readonly why: string };

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

/** What `libexec/flow-run` wrote down when the process of a flow run began. */
export interface RunRecord {
  readonly flowRunId: string;
  readonly pool: string;
  readonly pid: number;
  /** In clock ticks since the boot: with the pid, it tells the process from every other of that boot. */
  readonly startTime: number;
  readonly bootId: string;
  /** Who its parent was then: the worker that had claimed it. */
  readonly workerPid: number;
  readonly startedAt: Date;
  /** The real path of the Python environment that it began in, and keeps. */
  readonly environment: string;
  /** `journal`, or the path of a file; undefined if nobody hears it. */
  readonly output: string | undefined;
  /** The folder of a cgroup of its own, if it has one. */
  readonly cgroup: string | undefined;
  /** As the worker knew them; older Prefects do not tell. */
  readonly flowName?: string | undefined;
  readonly deploymentName?: string | undefined;
}

/** One process of a flow run on this host. A run that was begun again has several, one after the other. */
export type RunProcess = { readonly record: RunRecord } & (
  | {
      readonly kind: "alive";
      /** Whether the worker that started it is no longer its parent. */
      readonly isOrphan: boolean;
    }
  | {
      readonly kind: "gone";
      /** When that was noticed. */
      readonly since: Millis;
      /** `stranger`: its pid is another process's by now. */
      readonly why: "ended" | "other-boot" | "stranger";
    }
);

/** In the environment of each flow run, and of all that it starts. */
export const flowRunVariable = "PREFECT__FLOW_RUN_ID";

/** What can be seen of the processes of flow runs, and done to them. */
export interface RunProcesses {
  /**
   * The run's own process, known by the mark in its environment; not what it has started in turn.
   * `pid` is the one that Prefect has for it: if that cannot be looked into, it counts as found.
   */
  find(flowRunId: string, pid: number | undefined): FoundRun | undefined;
  /** Nothing happens if it is not that process any more. */
  signal(process: Pick<FoundRun, "pid" | "startTime">, signal: "SIGTERM" | "SIGKILL"): void;
  /** Never rejects. */
  death(record: RunRecord): Promise<Death>;
  /** What the process has left running: ends it, or only counts it. Never rejects. */
  strays(record: RunRecord, policy: "kill" | "report"): Promise<Strays>;
}

export interface FoundRun {
  readonly pid: number;
  readonly startTime: number;
  readonly parent: number;
}

export interface Death {
  /** Whether the kernel killed it for want of memory; `perhaps`: it killed somebody at that time. */
  readonly outOfMemory: "yes" | "perhaps" | "no";
  /** Undefined where nobody could see it. */
  readonly exit: Exit | undefined;
}

export interface Strays {
  readonly found: number;
  /** Still there. */
  readonly left: readonly number[];
}

/** Listens in place of a server that is away. Undefined where it cannot: it may be asked again. */
export type OpenStandIn = (options: StandInOptions) => Promise<StandIn | undefined>;

export interface StandInOptions {
  readonly host: string;
  readonly port: number;
  /** Whether the server is about to start: who asks again soon would find nobody. */
  readonly isStartNear: () => boolean;
  /** Whether it may then be kept waiting for its answer. */
  readonly canWait: (request: StandInRequest) => boolean;
  /** Whether a websocket is accepted, or left without an answer. */
  readonly acceptsWebsocket: (request: StandInRequest) => boolean;
  /** What is answered with status 503. */
  readonly reply: (request: StandInRequest) => StandInReply;
}

export interface StandInRequest {
  readonly path: string;
  /** The header User-Agent. */
  readonly agent: string;
}

export interface StandInReply {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface StandIn {
  /** Resolves when nothing listens there any more. Who waits goes on waiting. */
  leave(): Promise<void>;
  /** Leaves too, and answers all who wait. */
  dismiss(): void;
}
