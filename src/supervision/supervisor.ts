/**
 * The set of units: takes what is declared, gates each start by what the unit waits for, and stops
 * in the opposite order. What one unit does next is decided in `unit.ts`.
 */
import { describe } from "./describe.ts";
import { stopWaves } from "./order.ts";
import type { Adoptable } from "./ports.ts";
import { ms } from "./time.ts";
import { UnitRunner, type UnitRunnerDeps } from "./unit-runner.ts";
import { sameProcess, type UnitSpec } from "./unit-spec.ts";
import type { Blocker, RestartCause, UnitState } from "./unit-state.ts";
import { isReady, type UnitView } from "./unit-view.ts";

export interface Declared {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

const startBatch = 20;

export class Supervisor {
  readonly #deps: UnitRunnerDeps;
  readonly #units = new Map<string, UnitRunner>();
  /** Conditions that are no units. One that nobody has set is not met. */
  readonly #conditions = new Map<string, Blocker | undefined>();
  /** Who waits for a unit or condition. */
  #dependents = new Map<string, UnitRunner[]>();
  #declared: ReadonlySet<string> = new Set();
  #stopping = false;

  constructor(deps: UnitRunnerDeps) {
    const { observer } = deps;
    this.#deps = {
      ...deps,
      observer: {
        probed: (unit, kind, verdict) => observer.probed(unit, kind, verdict),
        transition: (unit, from, event) => {
          observer.transition(unit, from, event);
          const { name } = unit.spec;
          if (!this.#dependents.has(name)) return;
          queueMicrotask(() => this.#gate(this.#dependents.get(name) ?? []));
        },
      },
    };
  }

  get units(): readonly UnitView[] {
    return [...this.#units.values()];
  }

  /**
   * Makes the units those of `specs`. New ones start unless `isWanted` says otherwise; one of which
   * a child lives takes that over, and starts none; one whose process changed is restarted; one that
   * is gone from the list is stopped and forgotten. While all stops, nothing is declared any more.
   *
   * @param adoptable asked once for each new unit
   */
  declare(
    specs: readonly UnitSpec[],
    isWanted: (name: string) => boolean,
    adoptable: (name: string) => Adoptable | undefined = () => undefined,
  ): Declared {
    if (this.#stopping) return { added: [], changed: [], removed: [] };
    this.#declared = new Set(specs.map((spec) => spec.name));
    const removed = [...this.#units.values()].filter((unit) => !this.#declared.has(unit.spec.name));
    const added: UnitRunner[] = [];
    const changed: UnitRunner[] = [];
    for (const spec of specs) {
      const unit = this.#units.get(spec.name);
      if (unit === undefined) {
        const made = new UnitRunner(spec, this.#deps);
        this.#units.set(spec.name, made);
        added.push(made);
      } else {
        if (!sameProcess(unit.spec, spec)) changed.push(unit);
        unit.spec = spec;
      }
    }

    this.#dependents = new Map();
    for (const unit of this.#units.values()) {
      for (const name of unit.spec.after) {
        const dependents = this.#dependents.get(name);
        if (dependents === undefined) this.#dependents.set(name, [unit]);
        else dependents.push(unit);
      }
    }
    for (const unit of removed) void this.#remove(unit);
    this.#gate(this.#units.values());
    // All before any of them is started: what waits for a unit must not find it down.
    const starting = added
      .filter((unit) => !adopt(unit, adoptable(unit.spec.name), isWanted(unit.spec.name)))
      .filter((unit) => isWanted(unit.spec.name));
    for (const unit of starting) unit.handle({ kind: "start-requested", deferred: true });
    this.#startInBatches(starting);
    for (const unit of changed) unit.handle({ kind: "restart-requested", by: "config" });
    return { added: namesOf(added), changed: namesOf(changed), removed: namesOf(removed) };
  }

  start(name: string): void {
    if (!this.#stopping) this.#units.get(name)?.handle({ kind: "start-requested" });
  }

  stop(name: string): void {
    this.#units.get(name)?.handle({ kind: "stop-requested", by: "operator" });
  }

  restart(name: string, by: RestartCause): void {
    if (!this.#stopping) this.#units.get(name)?.handle({ kind: "restart-requested", by });
  }

  /** `blocker` is why the condition is not met; undefined: it is. */
  setCondition(name: string, blocker: Blocker | undefined): void {
    this.#conditions.set(name, blocker);
    this.#gate(this.#dependents.get(name) ?? []);
  }

  /** Stops all units, those that others need last. Resolves when none is left. */
  async stopAll(): Promise<void> {
    this.#stopping = true;
    const waves = stopWaves(this.units.map((unit) => unit.spec));
    // What waits for a start, or has only just been started, goes first: a stop overtakes a start.
    for (const unit of this.#units.values()) {
      if (unit.pid === undefined) unit.handle({ kind: "stop-requested", by: "shutdown" });
    }
    for (const wave of waves) {
      const units = wave.flatMap((name) => this.#units.get(name) ?? []);
      for (const unit of units) unit.handle({ kind: "stop-requested", by: "shutdown" });
      await Promise.all(units.map((unit) => unit.down()));
    }
  }

  /** Cuts a `stopAll` short: nobody is asked any more. */
  killAll(): void {
    for (const unit of this.#units.values()) unit.kill();
  }

  /** A spawn takes milliseconds: a thousand in one go would leave everybody else without an answer. */
  #startInBatches(units: readonly UnitRunner[]): void {
    for (const unit of units.slice(0, startBatch)) unit.handle({ kind: "start-requested" });
    const rest = units.slice(startBatch);
    if (rest.length === 0) return;
    this.#deps.clock.schedule(ms(0), () =>
      // Meanwhile some may have been stopped, or have been started, by somebody's word.
      this.#startInBatches(rest.filter(({ state }) => isDeferred(state))),
    );
  }

  async #remove(unit: UnitRunner): Promise<void> {
    const { name } = unit.spec;
    unit.handle({ kind: "stop-requested", by: "operator" });
    await unit.down();
    if (this.#declared.has(name)) this.start(name);
    else this.#units.delete(name);
  }

  #gate(units: Iterable<UnitRunner>): void {
    for (const unit of units) {
      const unmet = unit.spec.after.flatMap((name) => this.#blockers(name));
      if (!sameBlockers(unmet, unit.state.unmet))
        unit.handle({ kind: "conditions-changed", unmet });
    }
  }

  #blockers(name: string): readonly Blocker[] {
    const unit = this.#units.get(name);
    if (unit !== undefined) return isReady(unit) ? [] : [notReady(unit, this.#deps.clock.now())];
    if (!this.#conditions.has(name))
      return [{ kind: "dependency", why: `${name} is not there yet` }];
    const blocker = this.#conditions.get(name);
    return blocker === undefined ? [] : [blocker];
  }
}

/** Returns whether there was a child to adopt. */
function adopt(unit: UnitRunner, found: Adoptable | undefined, isWanted: boolean): boolean {
  if (found === undefined) return false;
  unit.adopt(found);
  if (!isWanted) unit.handle({ kind: "stop-requested", by: "operator" });
  else if (!found.isSame) unit.handle({ kind: "restart-requested", by: "config" });
  return true;
}

const isDeferred = ({ desired, generation }: UnitState): boolean =>
  desired === "up" && generation === 0;

const namesOf = (units: readonly UnitRunner[]): readonly string[] =>
  units.map((unit) => unit.spec.name);

function notReady(unit: UnitView, now: Parameters<typeof describe>[1]): Blocker {
  const { state, code } = describe(unit, now);
  if (code === "not_started")
    return { kind: "dependency", why: `${unit.spec.name} is not started yet` };
  const is = state === "running" ? "not ready" : state === "backoff" ? "down" : state;
  return { kind: "dependency", why: `${unit.spec.name} is ${is}` };
}

const sameBlockers = (one: readonly Blocker[], other: readonly Blocker[]): boolean =>
  one.length === other.length && one.every((blocker, i) => blocker.why === other[i]?.why);
