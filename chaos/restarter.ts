/** Keeps one process running as systemd would: Restart=always, RestartSec, KillMode. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { findByEnvironment } from "../src/host/processes.ts";
import { signalProcess } from "../src/host/signals.ts";

/** What becomes of the other processes of a unit when its main process has died: systemd.kill(5). */
export type KillMode = "process" | "mixed" | "control-group";

export interface UnitFile {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly log: string;
  readonly restartMs: number;
  readonly killMode: KillMode;
  /** ExecStartPre: resolves when it may be started. */
  readonly mayStart: (signal: AbortSignal) => Promise<void>;
}

/** In the environment of all that a unit has started: what its cgroup would tell. */
const unitVariable = "CHAOS_UNIT";

export class Restarter {
  readonly #unit: UnitFile;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #child: ChildProcess | undefined;

  constructor(unit: UnitFile) {
    this.#unit = unit;
    this.#done = this.#keepRunning();
  }

  get name(): string {
    return this.#unit.name;
  }

  /** Undefined while it waits for its next start. */
  get pid(): number | undefined {
    const child = this.#child;
    const hasEnded = child === undefined || child.exitCode !== null || child.signalCode !== null;
    return hasEnded ? undefined : child.pid;
  }

  /** Resolves when it has gone, and with it what KillMode takes. */
  async stop(signal: NodeJS.Signals, patienceMs: number): Promise<void> {
    this.#stopping.abort();
    const { pid } = this;
    if (pid !== undefined) signalProcess(pid, signal);
    const patience = new AbortController();
    const impatience = sleep(patienceMs, undefined, patience).then(
      () => this.pid !== undefined && signalProcess(this.pid, "SIGKILL"),
      () => undefined,
    );
    await this.#done;
    patience.abort();
    await impatience;
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    const { mayStart, restartMs } = this.#unit;
    try {
      for (;;) {
        await mayStart(signal);
        signal.throwIfAborted();
        await this.#runOnce();
        await sleep(restartMs, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #runOnce(): Promise<void> {
    const { command, env, directory, log, name } = this.#unit;
    const [program, ...args] = command;
    const fd = openSync(log, "a");
    // A session of its own: a Ctrl-C at our terminal is ours alone.
    const child = spawn(program, args, {
      cwd: directory,
      env: { ...env, [unitVariable]: name },
      detached: true,
      stdio: ["ignore", fd, fd],
    });
    closeSync(fd);
    this.#child = child;
    await once(child, "exit");
    this.#endRest();
  }

  #endRest(): void {
    const { killMode, name } = this.#unit;
    if (killMode === "process") return;
    const signal = killMode === "mixed" ? "SIGKILL" : "SIGTERM";
    for (const { pid } of findByEnvironment(unitVariable, name)) signalProcess(pid, signal);
  }
}
