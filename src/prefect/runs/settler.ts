/** Looks at one run, decides, and does what was decided: again and again, until nothing is left to do. */
import type { FlowRun } from "../api/flow-runs.ts";
import type { Case } from "./case.ts";
import type { Decision } from "./decision.ts";
import { FactFinder, type GoneRun, type Read, understood } from "./fact-finder.ts";
import type { Findings } from "./facts.ts";
import type { GuardDeps, GuardedPool, Settlement } from "./guard-ports.ts";
import { decide } from "./guardian.ts";

export type Outcome =
  | { readonly kind: "done" }
  /** The server does not answer: to ask it about the next run is no use. */
  | { readonly kind: "away"; readonly why: string };

type Signalling = Decision & { readonly kind: "signal" };
type Setting = Decision & { readonly kind: "set-state" };

const done: Outcome = { kind: "done" };
/** More than any way through the decisions takes. */
const maxSteps = 25;

export class Settler {
  readonly #deps: GuardDeps;
  readonly #facts: FactFinder;
  readonly #settled: (settlement: Settlement) => void;

  constructor(deps: GuardDeps, settled: (settlement: Settlement) => void) {
    this.#deps = deps;
    this.#facts = new FactFinder(deps);
    this.#settled = settled;
  }

  /** @param listed as a list has just given it; undefined: it is asked for */
  async settle(it: Case, listed: FlowRun | undefined, signal: AbortSignal): Promise<Outcome> {
    if (listed === undefined) {
      const read = await this.#facts.read(it, signal);
      if (read.kind !== "ok") return this.#fail(it, read);
      it.run = read.value;
    } else it.run = listed;
    if (it.foundProcess !== undefined) this.#facts.search(it);
    let found: Findings = {};
    for (let step = 0; step < maxSteps && !signal.aborted; step += 1) {
      const decision = this.#decide(it, found);
      switch (decision.kind) {
        case "nothing":
        case "wait":
          return done;
        case "leave":
          this.#leave(it, decision.why);
          return done;
        case "over":
          if (decision.report !== undefined) this.#leave(it, decision.report);
          await this.#close(it);
          return done;
        case "ask": {
          const answer = await this.#facts.answer(it, decision.question, signal);
          if (answer.kind !== "ok") return this.#fail(it, answer);
          found = { ...found, ...answer.value };
          break;
        }
        case "signal":
          this.#signal(it, decision);
          break;
        case "set-state": {
          const next = await this.#setState(it, decision, found, signal);
          if (next !== "look-again") return next;
          found = {};
          break;
        }
        default:
          return decision satisfies never;
      }
    }
    return done;
  }

  #decide(it: Case, found: Findings): Decision {
    const { clock, wallClock } = this.#deps;
    const moment = { now: clock.now(), date: wallClock() };
    it.decision = decide(this.#facts.facts(it, found), moment);
    return it.decision;
  }

  #signal(it: Case, { signal, why }: Signalling): void {
    const { processes, clock, observer } = this.#deps;
    const target = this.#facts.livingProcessOf(it);
    if (target === undefined) return;
    it.signalled(target.pid, signal, clock.now());
    processes.signal(target, signal);
    observer.signalled(this.#facts.reference(it), signal, why);
  }

  async #setState(
    it: Case,
    decision: Setting,
    found: Findings,
    signal: AbortSignal,
  ): Promise<Outcome | "look-again"> {
    const { strays } = this.#facts.poolOf(it);
    await this.#endStrays(it, strays);
    // Prefect takes nearly any change from any state: that it is still the same, only we can see to.
    const before = it.run;
    const fresh = await this.#facts.read(it, signal);
    if (fresh.kind !== "ok") return this.#fail(it, fresh);
    it.run = fresh.value;
    if (!isSameState(before, fresh.value)) return "look-again";
    const now = this.#decide(it, found);
    if (now.kind !== "set-state" || now.action !== decision.action) return "look-again";
    const answer = await this.#deps.api.setState(it.id, now.state, signal);
    const said = understood(answer, (value) => value);
    if (said.kind !== "ok") return this.#fail(it, said);
    if (said.value.kind === "not-accepted") {
      const why = `Prefect does not let it be ${now.state.name}: ${said.value.why}`;
      return this.#fail(it, { kind: "refused", why });
    }
    this.#announce(it, now);
    return this.#goOnAfter(it, now, signal);
  }

  #announce(it: Case, { action, why }: Setting): void {
    const run = this.#facts.reference(it);
    const since = this.#facts.goneProcessesOf(it).at(-1)?.since ?? it.since;
    const seconds = since === undefined ? 0 : (this.#deps.clock.now() - since) / 1000;
    this.#deps.observer.settled(run, action, why, seconds);
    this.#settled({ run, action, why });
  }

  /** A run that crashed may be to start again, which is another decision. */
  async #goOnAfter(
    it: Case,
    { action }: Setting,
    signal: AbortSignal,
  ): Promise<Outcome | "look-again"> {
    const mayStartAgain = this.#facts.poolOf(it).policy.onCrash === "reschedule";
    if (action !== "crash" || !mayStartAgain) {
      this.#forget(it);
      return done;
    }
    const read = await this.#facts.read(it, signal);
    if (read.kind !== "ok") return this.#fail(it, read);
    it.run = read.value;
    return "look-again";
  }

  async #close(it: Case): Promise<void> {
    const type = it.run === "deleted" ? "CANCELLED" : it.run?.state.type;
    const isBroken = type === "CRASHED" || type === "CANCELLED";
    // What a flow that came to its own end has left running, it may have left on purpose.
    await this.#endStrays(it, isBroken ? this.#facts.poolOf(it).strays : "report");
    this.#forget(it);
  }

  async #endStrays(it: Case, policy: GuardedPool["strays"]): Promise<void> {
    const { processes, observer } = this.#deps;
    for (const { record } of this.#facts.goneProcessesOf(it).filter(mayHaveLeftStrays)) {
      const strays = await processes.strays(record, policy);
      if (strays.found > 0 && it.isNew(`strays of ${record.pid}`)) {
        observer.strays(this.#facts.reference(it), strays);
      }
    }
  }

  #forget(it: Case): void {
    it.decision = undefined;
    for (const { record } of this.#facts.goneProcessesOf(it)) this.#deps.registry.forget(record);
  }

  #leave(it: Case, why: string): void {
    if (it.isNew(why)) this.#deps.observer.left(this.#facts.reference(it), why);
  }

  #fail(it: Case, { kind, why }: Exclude<Read<never>, { kind: "ok" }>): Outcome {
    if (kind === "away") return { kind, why };
    if (it.isNew(why)) this.#deps.observer.failed(this.#facts.reference(it), why);
    return done;
  }
}

const mayHaveLeftStrays = ({ why }: GoneRun): boolean => why !== "other-boot";

function isSameState(one: Case["run"], other: Case["run"]): boolean {
  if (one === undefined || other === undefined || one === "deleted" || other === "deleted") {
    return one === other;
  }
  return one.state.id === other.state.id;
}
