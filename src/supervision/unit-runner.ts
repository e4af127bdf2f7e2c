/** Carries out the commands of one unit, and feeds it what comes of them. Decides nothing. */
import type { Cancel, Child, Clock, Dice, Launcher } from "./ports.ts";
import { type Finding, Prober } from "./prober.ts";
import { transition } from "./unit.ts";
import type { UnitSpec } from "./unit-spec.ts";
import { initial, type UnitCommand, type UnitEvent, type UnitState } from "./unit-state.ts";
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
  #preflight = new AbortController();
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

  /** Runs to completion: no command calls back into the unit before it returns. */
  handle(event: UnitEvent): void {
    const { clock, dice, observer } = this.#deps;
    const from = this.#state;
    const rules = { ...this.spec.rules, hasPreflight: this.spec.preflight !== undefined };
    const [to, commands] = transition(rules, from, event, { now: clock.now(), dice: dice() });
    this.#state = to;
    if (event.kind === "ended" && to !== from) this.#child = undefined;
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

  #spawn(generation: number): void {
    const { spec } = this;
    const child = this.#deps.launcher.launch(spec.name, spec.process);
    this.#child = child;
    const prober = child.pid === undefined ? undefined : this.#probe(child.pid, generation);
    void child.ended.then(({ exit, lastLines }) => {
      prober?.[Symbol.dispose]();
      this.handle({ kind: "ended", generation, exit, cause: spec.explain(exit, lastLines) });
    });
  }

  #probe(pid: number, generation: number): Prober {
    const { clock, observer } = this.#deps;
    return new Prober({
      clock,
      specs: this.spec.probes,
      target: { unit: this.spec.name, pid, startedAt: new Date() },
      report: (finding: Finding) => this.handle({ ...finding, generation }),
      observe: (kind, verdict) => observer.probed(this, kind, verdict),
    });
  }
}
