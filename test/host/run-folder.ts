/** A folder of records of flow runs, as `libexec/flow-run` would leave them for the processes of a test. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bootId, identify } from "../../src/host/processes.ts";
import { signalGroup } from "../../src/host/signals.ts";
import { TemporaryFolder } from "./real-launcher.ts";

export interface Written {
  readonly version: number;
  readonly flow_run_id: string;
  readonly pool: string;
  readonly pid: number;
  readonly start_time: number;
  readonly boot_id: string;
  readonly worker_pid: number;
  readonly started_at: string;
  readonly environment: string;
  readonly output: string | null;
  readonly cgroup: string | null;
}

export class RunFolder implements AsyncDisposable {
  readonly #folder = new TemporaryFolder();
  readonly #processes: ChildProcess[] = [];
  #lifelines = 0;

  get path(): string {
    return join(this.#folder.path, "runs");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map(end));
    // With what they have forked: they lead groups of their own.
    for (const { pid } of this.#processes) signalGroup(pid ?? 0, "SIGKILL");
    this.#folder[Symbol.dispose]();
  }

  /** A shell with a lifeline as descriptor 3, and a record of it. */
  run(id: string, script = "exec sleep 1000", written: Partial<Written> = {}): ChildProcess {
    const process = this.start(script);
    this.leave(id, process.pid ?? 0, written);
    return process;
  }

  start(script: string): ChildProcess {
    this.#lifelines += 1;
    const lifeline = this.#lifelineOf(this.#lifelines);
    execFileSync("mkfifo", [lifeline]);
    const fd = openSync(lifeline, "r+");
    const child = spawn("/bin/sh", ["-c", script], {
      detached: true,
      stdio: ["pipe", "pipe", "ignore", fd],
    });
    closeSync(fd);
    this.#processes.push(child);
    return child;
  }

  /** A record of a process that has a lifeline: of the newest, unless it has ended already. */
  leave(id: string, pid: number, written: Partial<Written> = {}): string {
    const folder = this.prepare(`${id}.${pid}`, JSON.stringify(recordOf(id, pid, written)));
    const lifeline = this.#lifelineOf(this.#lifelines);
    execFileSync("ln", ["-f", lifeline, join(folder, "lifeline")]);
    return this.show(folder);
  }

  /** Not complete yet. */
  prepare(name: string, record: string): string {
    const hidden = join(this.path, `.${name}.new`);
    mkdirSync(hidden, { recursive: true });
    writeFileSync(join(hidden, "record.json"), record);
    return hidden;
  }

  show(hidden: string): string {
    const shown = hidden.replace(/\/\.([^/]+)\.new$/, "/$1");
    renameSync(hidden, shown);
    return shown;
  }

  #lifelineOf(number: number): string {
    return join(this.#folder.path, `lifeline-${number}`);
  }
}

export const recordOf = (id: string, pid: number, written: Partial<Written> = {}): Written => ({
  version: 1,
  flow_run_id: id,
  pool: "etl",
  pid,
  start_time: identify(pid)?.startTime ?? 1,
  boot_id: bootId(),
  worker_pid: process.pid,
  started_at: "2026-01-02T03:04:05.678Z",
  environment: "/srv/environment",
  output: null,
  cgroup: null,
  ...written,
});

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
