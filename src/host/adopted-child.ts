/** A child that an earlier daemon started: not ours, so that nobody tells us of its end but its lifeline. */
import { constants } from "node:os";
import type { Exit } from "../supervision/exit.ts";
import type { Child, Ended, ProcessSpec } from "../supervision/ports.ts";
import { openLifeline } from "./lifeline.ts";
import type { Lookout, Watch } from "./lookout.ts";
import type { Output } from "./output.ts";
import { isThere, type ProcessIdentity, readStat, waitStatusOf } from "./processes.ts";
import { endAll, type Remains } from "./remains.ts";
import { signalProcess } from "./signals.ts";

export interface AdoptedChildDeps extends Remains, ProcessIdentity {
  readonly killMode: ProcessSpec["killMode"];
  /** Where its lifeline can be opened; undefined: it is looked at once a second. */
  readonly lifeline: string | undefined;
  readonly lookout: Lookout;
  readonly output: Output;
}

export class AdoptedChild implements Child {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly #deps: AdoptedChildDeps;
  readonly #resolve: (ended: Ended) => void;
  readonly #watch: Watch;
  readonly #lifeline: Disposable | undefined;

  constructor(deps: AdoptedChildDeps) {
    this.#deps = deps;
    this.pid = deps.pid;
    const { promise, resolve } = Promise.withResolvers<Ended>();
    this.ended = promise;
    this.#resolve = resolve;
    deps.output.follow();
    const suspect = (): void => this.#watch.suspect();
    this.#lifeline = deps.lifeline === undefined ? undefined : openLifeline(deps.lifeline, suspect);
    const isDeaf = this.#lifeline === undefined;
    this.#watch = deps.lookout.watch(deps, isDeaf, () => void this.#end());
  }

  signal(signal: NodeJS.Signals): void {
    if (isThere(this.#deps)) signalProcess(this.pid, signal);
    // What it has started may hold its lifeline too: then that does not tell of its end.
    this.#watch.suspect();
  }

  kill(): void {
    if (!isThere(this.#deps)) return;
    if (this.#deps.killMode === "process") signalProcess(this.pid, "SIGKILL");
    else endAll(this.#deps);
    this.#watch.suspect();
  }

  async #end(): Promise<void> {
    const { pid, startTime, killMode, output } = this.#deps;
    this.#lifeline?.[Symbol.dispose]();
    const exit = exitOf(waitStatusOf({ pid, startTime }));
    // The number of a group with members is not given away; of one without, it may have been.
    const stat = readStat(pid);
    const isStranger = stat !== undefined && stat.startTime !== startTime;
    if (killMode === "control-group" && !isStranger) endAll(this.#deps);
    this.#resolve({ exit, lastLines: await output.lastLines(exit) });
  }
}

/** wait(2): the signal in the low seven bits, the status of an exit above them. */
export function exitOf(waitStatus: number | undefined): Exit {
  if (waitStatus === undefined) return { kind: "unknown" };
  const number = waitStatus & 0x7f;
  if (number === 0) return { kind: "exited", code: (waitStatus >> 8) & 0xff };
  const signal = Object.keys(constants.signals)
    .filter(isSignal)
    .find((name) => constants.signals[name] === number);
  return signal === undefined ? { kind: "unknown" } : { kind: "signaled", signal };
}

const isSignal = (name: string): name is NodeJS.Signals => name in constants.signals;
