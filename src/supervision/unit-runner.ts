/** Carries out the commands of one unit, and feeds it what comes of them. Decides nothing. */
import type { Adoptable, Cancel, Child, Clock, Dice, Launcher } from "./ports.ts";
import { type Finding, Prober } from "./prober.ts";
import { transition } from "./unit.ts";
import { rulesOf, type UnitSpec } from "./unit-spec.ts";
import {
  initial,
  type StopCause,
  type UnitCommand,
  type UnitEvent,
  type UnitState,
} from "./unit-state.ts";
import type { Observer, UnitView } from "./unit-view.ts";

export interface UnitRunnerDeps {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly launcher: Launcher;
  readonly observer: Observer;
}

export class UnitRunner implements UnitView {
  spec: UnitSpec;
  readonly #deps: UnitRunnerDeps;
  #state = initial;
  #child: Child | undefined;
  #adoptable: Adoptable | undefined;
  #preflight = new AbortController();
  #quiescing = new AbortController();
  #cancelTimer: Cancel = () => undefined;
  #whenDown: (() => void)[] = [];

  constructor(spec: UnitSpec, deps: UnitRunnerDeps) {
    this.spec = spec;
    this.#deps = deps;
  }

  get state(): UnitState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves once it is down, however long it takes to go. */
  async down(): Promise<void> {
    if (this.#state.phase.kind === "down") return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenDown.push(resolve);
    await promise;
  }

  /** Without asking it first: for whoever cannot wait for the ladder. */
  kill(): void {
    this.#child?.kill();
  }

  /** Looks after a child that it did not start. */
  adopt(adoptable: Adoptable): void {
    this.#adoptable = adoptable;
    const { spawnedAt, spawns } = adoptable;
    this.handle({ kind: "adopted", spawnedAt, spawns });
    this.#adoptable = undefined;
  }

  /** Runs to completion: no command calls back into the unit before it returns. */
  handle(event: UnitEvent): void {
    const { clock, dice, observer } = this.#deps;
    const from = this.#state;
    const at = { now: clock.now(), dice: dice() };
    const [to, commands] = transition(rulesOf(this.spec), from, event, at);
    this.#state = to;
    if (event.kind === "ended" && to !== from) this.#child = undefined;
    if (to.phase.kind !== "stopping" || !to.phase.isQuiescing) this.#quiescing.abort();
    for (const command of commands) this.#perform(command);
    observer.transition(this, from, event);
    if (to.phase.kind === "down") for (const resolve of this.#whenDown.splice(0)) resolve();
  }

  #perform(command: UnitCommand): void {
    switch (command.kind) {
      case "preflight":
        return this.#check(command.generation);
      case "spawn":
        return this.#spawn(command.generation);
      case "adopt":
        return this.#adopt(command.generation);
      case "quiesce":
        return this.#quiesce(command.generation, command.cause);
      case "signal":
        return this.#child?.signal(command.signal);
      case "kill":
        return this.#child?.kill();
      case "arm-timer": {
        this.#cancelTimer();
        const { generation, timer, after } = command;
        this.#cancelTimer = this.#deps.clock.schedule(after, () =>
          this.handle({ kind: "timed-out", generation, timer }),
        );
        return;
      }
      case "disarm-timer":
        return this.#cancelTimer();
      default:
        return command satisfies never;
    }
  }

  #check(generation: number): void {
    const { preflight } = this.spec;
    if (preflight === undefined) return;
    this.#preflight.abort();
    this.#preflight = new AbortController();
    void preflight(this.#preflight.signal).then((blockers) =>
      this.handle({ kind: "preflight-done", generation, blockers }),
    );
  }

  #quiesce(generation: number, cause: StopCause["kind"]): void {
    const { quiesce } = this.spec;
    if (quiesce === undefined) return;
    this.#quiescing = new AbortController();
    void quiesce(cause, this.#quiescing.signal).then(() =>
      this.handle({ kind: "quiesced", generation }),
    );
  }

  #spawn(generation: number): void {
    const { name, process } = this.spec;
    const child = this.#deps.launcher.launch(name, process);
    this.#lookAfter(child, generation, new Date());
  }

  #adopt(generation: number): void {
    if (this.#adoptable === undefined) return;
    const { child, startedAt } = this.#adoptable;
    this.#lookAfter(child, generation, startedAt);
  }

  #lookAfter(child: Child, generation: number, startedAt: Date): void {
    const { spec } = this;
    this.#child = child;
    const { pid } = child;
    const prober = pid === undefined ? undefined : this.#probe(pid, generation, startedAt);
    void child.ended.then(({ exit, lastLines }) => {
      prober?.[Symbol.dispose]();
      this.handle({ kind: "ended", generation, exit, cause: spec.explain(exit, lastLines) });
    });
  }

  #probe(pid: number, generation: number, startedAt: Date): Prober {
    const { clock, observer } = this.#deps;
    return new Prober({
      clock,
      specs: this.spec.probes,
      target: { unit: this.spec.name, pid, startedAt },
      report: (finding: Finding) => this.handle({ ...finding, generation }),
      observe: (kind, verdict) => observer.probed(this, kind, verdict),
    });
  }
}
