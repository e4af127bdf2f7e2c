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
import { closeSync } from "node:fs";
import type { Child, Ended, Launcher, ProcessSpec } from "../supervision/ports.ts";
import { AdoptedChild } from "./adopted-child.ts";
import type { Escapees } from "./escapees.ts";
import type { Lifelines } from "./lifelines.ts";
import type { Lookout } from "./lookout.ts";
import { invocationVariable, specVariable, unitVariable } from "./marks.ts";
import type { OpenedOutput, Output } from "./output.ts";
import { ProcessChild } from "./process-child.ts";
import type { ProcessIdentity } from "./processes.ts";
import { spawnFailure } from "./spawn-failure.ts";
import { specHash } from "./spec-hash.ts";
import type { UnitCgroup } from "./unit-cgroup.ts";

export interface ProcessLauncherDeps {
  readonly outputOf: (unit: string) => Output;
  /** That of a child which an earlier daemon has started; if left out, the same. */
  readonly adoptedOutputOf?: (unit: string, pid: number) => Output;
  readonly escapees: Escapees;
  /** Undefined where the daemon was given no cgroups. */
  readonly cgroupOf: ((unit: string) => UnitCgroup | undefined) | undefined;
  /** Undefined: its children can be taken over, but are looked at once a second then. */
  readonly lifelines?: Lifelines;
  /** Told of each child that lives, and of its end, so that another daemon can find it. */
  readonly register?: ChildRegister;
}

export interface ChildRegister {
  lives(unit: string, child: LivingChild): void;
  ended(unit: string, invocation: string): void;
}

/** All by which another daemon can take it over. */
export interface LivingChild extends ProcessIdentity {
  readonly invocation: string;
  readonly spawnedAt: Date;
  readonly specHash: string;
  readonly killMode: ProcessSpec["killMode"];
  /** The folder of its cgroup, if it has one of its own. */
  readonly cgroup: string | undefined;
}

export class ProcessLauncher implements Launcher {
  readonly #deps: ProcessLauncherDeps;

  constructor(deps: ProcessLauncherDeps) {
    this.#deps = deps;
  }

  launch(unit: string, spec: ProcessSpec): Child {
    const { outputOf, escapees, cgroupOf, lifelines } = this.#deps;
    const invocation = randomUUID();
    const marks = {
      [unitVariable]: unit,
      [invocationVariable]: invocation,
      [specVariable]: specHash(spec),
    };
    try {
      const output = outputOf(unit);
      const cgroup = cgroupOf?.(unit);
      using opened = output.open();
      using lifeline = openLifelineOf(unit, lifelines);
      const process = start(
        cgroup === undefined ? spec : cgroup.entering(spec),
        marks,
        opened,
        lifeline,
      );
      const { pid } = process;
      if (pid === undefined) return { ...notStarted, ended: failure(process, spec) };
      const child = new ProcessChild({ process, pid, spec, invocation, output, cgroup, escapees });
      if (child.identity !== undefined) {
        this.#register(unit, child, {
          ...child.identity,
          invocation,
          spawnedAt: new Date(),
          specHash: specHash(spec),
          killMode: spec.killMode,
          cgroup: cgroup?.path,
        });
      }
      return child;
    } catch (error) {
      // Some failures are thrown, others arrive as an event: Node tells them apart by the errno.
      const exit = spawnFailure(error, spec);
      return { ...notStarted, ended: Promise.resolve({ exit, lastLines: [] }) };
    }
  }

  /** Looks after a child that an earlier daemon has started. */
  adopt(unit: string, found: LivingChild, lookout: Lookout): Child {
    const { outputOf, adoptedOutputOf = outputOf, escapees, cgroupOf, lifelines } = this.#deps;
    const own = cgroupOf?.(unit);
    // A daemon that ran elsewhere has started it outside of it.
    const cgroup = own?.holds(found.pid) === true ? own : undefined;
    const child = new AdoptedChild({
      ...found,
      lifeline: lifelines?.heldBy(found.pid, unit),
      lookout,
      output: adoptedOutputOf(unit, found.pid),
      cgroup,
      escapees,
    });
    this.#register(unit, child, { ...found, cgroup: cgroup?.path });
    return child;
  }

  #register(unit: string, child: Child, facts: LivingChild): void {
    const { register } = this.#deps;
    if (register === undefined) return;
    register.lives(unit, facts);
    void child.ended.then(() => register.ended(unit, facts.invocation));
  }
}

const notStarted = { pid: undefined, signal: () => undefined, kill: () => undefined };

interface OpenedLifeline extends Disposable {
  readonly fd: number | undefined;
}

function openLifelineOf(unit: string, lifelines: Lifelines | undefined): OpenedLifeline {
  const fd = lifelines?.open(unit);
  return { fd, [Symbol.dispose]: () => (fd === undefined ? undefined : closeSync(fd)) };
}

function start(
  spec: ProcessSpec,
  marks: Readonly<Record<string, string>>,
  output: OpenedOutput,
  lifeline: OpenedLifeline,
): ChildProcess {
  const [program, ...args] = spec.command;
  const streams = ["ignore", output.stdio, output.stdio] as const;
  return spawn(program, args, {
    detached: true,
    cwd: spec.directory,
    env: { ...spec.env, ...marks, ...output.env },
    stdio: lifeline.fd === undefined ? [...streams] : [...streams, lifeline.fd],
  });
}

async function failure(process: ChildProcess, spec: ProcessSpec): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  process.once("error", resolve);
  return { exit: spawnFailure(await promise, spec), lastLines: [] };
}
