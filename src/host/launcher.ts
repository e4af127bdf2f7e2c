/**
 * Starts the processes of units: each in a session and a group of its own, with an environment
 * that is given and none inherited, and with an output that does not depend on us.
 *
 * By node:child_process and not by execa, of whose comforts a long-lived child that writes into a
 * file needs none: they would cost 0.4 ms for each spawn and 15 MB of memory.
 *
 * A spawn waits for the new program to be loaded: one that lies on a file system that hangs stops
 * the daemon. Hence nothing is looked at here that the preflight of a unit has not looked at.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Child, Ended, Launcher, ProcessSpec } from "../supervision/ports.ts";
import { type Escapees, invocationVariable } from "./escapees.ts";
import type { OpenedOutput, Output } from "./output.ts";
import { ProcessChild } from "./process-child.ts";
import { spawnFailure } from "./spawn-failure.ts";
import type { UnitCgroup } from "./unit-cgroup.ts";

export interface ProcessLauncherDeps {
  readonly outputOf: (unit: string) => Output;
  readonly escapees: Escapees;
  /** Undefined where the daemon was given no cgroups. */
  readonly cgroupOf: ((unit: string) => UnitCgroup | undefined) | undefined;
}

export class ProcessLauncher implements Launcher {
  readonly #deps: ProcessLauncherDeps;

  constructor(deps: ProcessLauncherDeps) {
    this.#deps = deps;
  }

  launch(unit: string, spec: ProcessSpec): Child {
    const { outputOf, escapees, cgroupOf } = this.#deps;
    const invocation = randomUUID();
    try {
      const output = outputOf(unit);
      const cgroup = cgroupOf?.(unit);
      using opened = output.open();
      const process = start(
        cgroup === undefined ? spec : cgroup.entering(spec),
        opened,
        invocation,
      );
      const { pid } = process;
      return pid === undefined
        ? { ...notStarted, ended: failure(process, spec) }
        : new ProcessChild({ process, pid, spec, invocation, output, cgroup, escapees });
    } catch (error) {
      // Some failures are thrown, others arrive as an event: Node tells them apart by the errno.
      const exit = spawnFailure(error, spec);
      return { ...notStarted, ended: Promise.resolve({ exit, lastLines: [] }) };
    }
  }
}

const notStarted = { pid: undefined, signal: () => undefined, kill: () => undefined };

function start(spec: ProcessSpec, output: OpenedOutput, invocation: string): ChildProcess {
  const [program, ...args] = spec.command;
  return spawn(program, args, {
    detached: true,
    cwd: spec.directory,
    env: { ...spec.env, [invocationVariable]: invocation },
    stdio: ["ignore", output.stdio, output.stdio],
  });
}

async function failure(process: ChildProcess, spec: ProcessSpec): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  process.once("error", resolve);
  return { exit: spawnFailure(await promise, spec), lastLines: [] };
}
