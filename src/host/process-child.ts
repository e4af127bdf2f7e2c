/** A process that runs: its end, and the ways to bring it about. */
import type { ChildProcess } from "node:child_process";
import type { Exit } from "../supervision/exit.ts";
import type { Child, Ended, ProcessSpec } from "../supervision/ports.ts";
import type { Output } from "./output.ts";
import { identify, isThere, type ProcessIdentity } from "./processes.ts";
import { endAll, type Remains } from "./remains.ts";
import { signalProcess } from "./signals.ts";
import { unrunnable } from "./spawn-failure.ts";

export interface ProcessChildDeps extends Remains {
  readonly process: ChildProcess;
  readonly spec: ProcessSpec;
  readonly output: Output;
}

export class ProcessChild implements Child {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly #deps: ProcessChildDeps;
  /** Undefined where /proc does not tell. */
  readonly identity: ProcessIdentity | undefined;
  #hasEnded = false;

  constructor(deps: ProcessChildDeps) {
    this.#deps = deps;
    this.pid = deps.pid;
    // It cannot have been reaped before the event loop turns: this is the child.
    this.identity = identify(deps.pid);
    const { promise, resolve } = Promise.withResolvers<Ended>();
    this.ended = promise;
    // Never `close`: that waits for everybody who holds the output.
    deps.process.once("exit", (code, signal) => void this.#end(code, signal).then(resolve));
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#isOurs()) signalProcess(this.pid, signal);
  }

  kill(): void {
    if (!this.#isOurs()) return;
    if (this.#deps.spec.killMode === "process") signalProcess(this.pid, "SIGKILL");
    else endAll(this.#deps);
  }

  async #end(code: number | null, signal: NodeJS.Signals | null): Promise<Ended> {
    this.#hasEnded = true;
    // The number of a group with members is not given away.
    if (this.#deps.spec.killMode === "control-group") endAll(this.#deps);
    const exit = this.#exitOf(code, signal);
    return { exit, lastLines: await this.#deps.output.lastLines(exit) };
  }

  #exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
    const { cgroup, spec } = this.#deps;
    if (signal !== null) return { kind: "signaled", signal };
    const isShellsRefusal = cgroup !== undefined && (code === 126 || code === 127);
    const refused = isShellsRefusal ? unrunnable(spec) : undefined;
    return refused ?? { kind: "exited", code: code ?? 0 };
  }

  /** Node reaps children before it tells of them: for a moment, the pid may be another's. */
  #isOurs(): boolean {
    return !this.#hasEnded && this.identity !== undefined && isThere(this.identity);
  }
}
