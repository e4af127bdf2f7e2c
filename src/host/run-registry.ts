/**
 * Knows the processes of flow runs on this host, whoever their parent is, from the records that
 * `libexec/flow-run` leaves. The kernel tells of new records and of ends; `look` finds what it did not
 * tell, and makes the same of it. Each process is told of once, and its end once.
 *
 * It decides nothing about runs, and removes a record only when it is told to forget it.
 */
import { type FSWatcher, mkdirSync, readdirSync, rmdirSync, rmSync, watch } from "node:fs";
import { basename, join } from "node:path";
import type { RunProcess, RunRecord } from "../prefect/ports.ts";
import type { Cancel, Clock } from "../supervision/ports.ts";
import { type Millis, ms } from "../supervision/time.ts";
import { errnoOf, messageOf } from "./errno.ts";
import { openLifeline } from "./lifeline.ts";
import { bootId, isThere, readStat } from "./processes.ts";
import { folderOf, isFolderName, isSameProcess, readRecord } from "./run-record.ts";

export interface RunRegistryDeps {
  readonly directory: string;
  readonly clock: Clock;
  /** What went wrong, as a sentence. */
  readonly report: (trouble: string) => void;
  /** Also of one that had ended before it was found: then `ended` follows at once. */
  readonly appeared: (run: RunProcess) => void;
  readonly ended: (run: RunProcess) => void;
}

type GoneReason = Extract<RunProcess, { kind: "gone" }>["why"];

interface Known {
  readonly record: RunRecord;
  /** Without a lifeline, only a look tells of an end. */
  state:
    | { readonly kind: "alive"; readonly lifeline: Disposable | undefined }
    | { readonly kind: "gone"; readonly since: Millis; readonly why: GoneReason };
}

/** Of one whose lifeline ended though it is there: mostly it is about to be gone. */
const shortestPauseMs = 10;
/** It has closed its lifeline, as some programs close all that they inherit. */
const longestPauseMs = 5_000;

export class RunRegistry implements Disposable {
  readonly #deps: RunRegistryDeps;
  readonly #bootId = bootId();
  readonly #known = new Set<Known>();
  /** Names of folders whose record was reported. */
  readonly #refused = new Set<string>();
  #watcher: FSWatcher | undefined;
  #trouble: string | undefined;
  #cancelLook: Cancel | undefined;

  constructor(deps: RunRegistryDeps) {
    this.#deps = deps;
  }

  /** Resolves when all that there is has been told of. */
  open(): Promise<void> {
    for (const name of this.#list()) removeUnfinished(this.#deps.directory, name);
    this.look();
    return Promise.resolve();
  }

  /** The parent of each is looked at now; an end counts from when it was told. */
  get runs(): readonly RunProcess[] {
    return [...this.#known].map(toRunProcess);
  }

  /** At everything: records that nobody told of, and the processes of those that are known. */
  look(): void {
    const names = new Set(this.#list());
    for (const name of this.#refused.difference(names)) this.#refused.delete(name);
    for (const name of names) this.#read(name);
    for (const known of [...this.#known]) this.#lookAt(known);
  }

  /** Removes the record of a process that has gone, and its cgroup if that is empty. */
  forget(record: RunRecord): void {
    const known = [...this.#known].find((other) => isSameProcess(other.record, record));
    if (known?.state.kind !== "gone") return;
    this.#known.delete(known);
    const { directory, report } = this.#deps;
    const found = readRecord(directory, folderOf(record));
    // By now it may be that of another process of this run, with the same pid.
    if (found.kind === "read" && isSameProcess(found.record, record)) {
      const folder = join(directory, folderOf(record));
      const trouble = troubleOf(() => rmSync(folder, { recursive: true, force: true }));
      if (trouble !== undefined) report(`${folder} is of no more use and stays: ${trouble}`);
    }
    const { cgroup } = record;
    // It stays while something that the run started lives in it.
    if (cgroup !== undefined) troubleOf(() => rmdirSync(cgroup));
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#cancelLook?.();
    for (const { state } of this.#known) {
      if (state.kind === "alive") state.lifeline?.[Symbol.dispose]();
    }
    this.#known.clear();
  }

  /** All names in the folder, which is there and watched from then on. */
  #list(): readonly string[] {
    const { directory, report } = this.#deps;
    let names: readonly string[] = [];
    const troubles = [
      troubleOf(() => mkdirSync(directory, { recursive: true, mode: 0o750 })),
      troubleOf(() => this.#watch()),
      troubleOf(() => {
        names = readdirSync(directory);
      }),
    ];
    const trouble = troubles.find((why) => why !== undefined);
    if (trouble !== undefined && trouble !== this.#trouble) {
      report(`flow runs that start may not be noticed at once: ${trouble}`);
    }
    this.#trouble = trouble;
    return names;
  }

  #watch(): void {
    if (this.#watcher !== undefined) return;
    const listener = (_: unknown, name: string | null): void => this.#notice(name);
    this.#watcher = watch(this.#deps.directory, { persistent: false }, listener);
    this.#watcher.on("error", () => this.#unwatch());
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #notice(name: string | null): void {
    // The folder itself was removed or renamed; what is watched now is no longer it.
    if (name === basename(this.#deps.directory)) this.#unwatch();
    else if (name !== null) {
      this.#read(name);
      return;
    }
    this.look();
  }

  #read(name: string): void {
    if (!isFolderName(name)) return;
    const { directory, report } = this.#deps;
    const found = readRecord(directory, name);
    if (found.kind === "read") {
      this.#refused.delete(name);
      this.#meet(found.record);
    } else if (found.kind === "absent") {
      this.#refused.delete(name);
    } else if (!this.#refused.has(name)) {
      this.#refused.add(name);
      const path = join(directory, name, "record.json");
      report(
        `${path} is no record of a flow run that can be read: ${found.why}. It is left alone: remove its folder if no flow run needs it.`,
      );
    }
  }

  #meet(record: RunRecord): void {
    for (const known of [...this.#known]) {
      if (isSameProcess(known.record, record)) return;
      // Its folder is this one's by now, and so is its pid.
      if (folderOf(known.record) === folderOf(record)) this.#lookAt(known);
    }
    const known: Known = { record, state: { kind: "alive", lifeline: undefined } };
    this.#known.add(known);
    const path = join(this.#deps.directory, folderOf(record), "lifeline");
    const lifeline = openLifeline(path, () => this.#miss(known));
    // After the lifeline was opened: an end that came before would never be told.
    const why = this.#whyGone(record);
    if (why === undefined) {
      known.state = { kind: "alive", lifeline };
      if (lifeline === undefined) this.#lookCloser();
    } else {
      lifeline?.[Symbol.dispose]();
      known.state = { kind: "gone", since: this.#deps.clock.now(), why };
    }
    this.#deps.appeared(toRunProcess(known));
    if (why !== undefined) this.#deps.ended(toRunProcess(known));
  }

  #whyGone({ bootId: its, pid, startTime }: RunRecord): GoneReason | undefined {
    if (its !== this.#bootId) return "other-boot";
    const now = readStat(pid);
    if (now !== undefined && now.startTime !== startTime) return "stranger";
    return isThere({ pid, startTime }) ? undefined : "ended";
  }

  #lookAt(known: Known): void {
    if (known.state.kind === "gone" || isThere(known.record)) return;
    known.state.lifeline?.[Symbol.dispose]();
    known.state = { kind: "gone", since: this.#deps.clock.now(), why: "ended" };
    this.#deps.ended(toRunProcess(known));
  }

  /** Its lifeline has ended. The kernel closes that a moment before the process is gone for others. */
  #miss(known: Known): void {
    known.state = { kind: "alive", lifeline: undefined };
    this.#lookAt(known);
    this.#lookCloser();
  }

  #lookCloser(pauseMs = shortestPauseMs): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    const isMissed = ({ state }: Known): boolean =>
      state.kind === "alive" && state.lifeline === undefined;
    if (![...this.#known].some(isMissed)) return;
    this.#cancelLook = this.#deps.clock.schedule(ms(pauseMs), () => {
      for (const known of [...this.#known].filter(isMissed)) this.#lookAt(known);
      this.#lookCloser(Math.min(longestPauseMs, 2 * pauseMs));
    });
  }
}

function toRunProcess({ record, state }: Known): RunProcess {
  return state.kind === "alive"
    ? { record, kind: "alive", isOrphan: isOrphan(record) }
    : { record, kind: "gone", since: state.since, why: state.why };
}

/** One whose worker had died before it wrote down who that was has init for its parent. */
function isOrphan({ pid, startTime, workerPid }: RunRecord): boolean {
  const now = readStat(pid);
  return now?.startTime === startTime && (now.parent === 1 || now.parent !== workerPid);
}

/** What a launcher that was killed meanwhile did not complete. */
function removeUnfinished(directory: string, name: string): void {
  const pid = /^\..+\.(\d+)\.new$/.exec(name)?.[1];
  if (pid === undefined || readStat(Number(pid)) !== undefined) return;
  troubleOf(() => rmSync(join(directory, name), { recursive: true, force: true }));
}

/** What the system had against it, as a value. */
function troubleOf(perform: () => void): string | undefined {
  try {
    perform();
    return undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return messageOf(error);
  }
}
