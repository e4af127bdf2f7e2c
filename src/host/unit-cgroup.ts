/** The cgroup of one unit: whatever its children start is in it, and nothing gets out. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessSpec } from "../supervision/ports.ts";
import { errnoOf } from "./errno.ts";

/**
 * A shell enters and becomes the program, so that there is no moment in which the program could
 * fork outside. If it may not enter, the program runs all the same: the error is in its output.
 * The variables are the shell's own; whoever wants them gets them from `spec.env`.
 */
const enter = 'echo 0 >"$0/cgroup.procs"';
const shellVariables = ["PWD", "OLDPWD", "SHLVL"];
const firstPauseMs = 1;
const longestPauseMs = 100;

export class UnitCgroup {
  readonly path: string;

  /** Makes it, unless it is there already. */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(path);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }

  entering(spec: ProcessSpec): ProcessSpec {
    const foreign = shellVariables.filter((name) => spec.env[name] === undefined);
    const script = [enter, `unset ${foreign.join(" ")}`, 'exec "$@"'].join("\n");
    return { ...spec, command: ["/bin/sh", "-c", script, this.path, ...spec.command] };
  }

  holds(pid: number): boolean {
    const inside = readFileSync(join(this.path, "cgroup.procs"), "latin1").split("\n");
    return inside.includes(String(pid));
  }

  /** SIGKILL to all in it, also to what forks meanwhile. False if the kernel (before 5.14) cannot. */
  kill(): boolean {
    try {
      writeFileSync(join(this.path, "cgroup.kill"), "1");
      return true;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  }

  get isPopulated(): boolean {
    return /^populated 1$/m.test(readFileSync(join(this.path, "cgroup.events"), "latin1"));
  }

  /** Rejects when the signal aborts: a process in an uninterruptible wait may stay for long. */
  async emptied(signal: AbortSignal): Promise<void> {
    for (let pauseMs = firstPauseMs; this.isPopulated; pauseMs *= 2) {
      await sleep(Math.min(pauseMs, longestPauseMs), undefined, { signal });
    }
  }

  /** Only once it is empty. */
  remove(): void {
    rmdirSync(this.path);
  }
}
