/** Asks the probes of one child for as long as it lives, and tells when what we believe of it changes. Decides nothing. */
import type { Cancel, Clock } from "./ports.ts";
import {
  initialProbeState,
  type ProbeKind,
  type ProbeSpec,
  type ProbeSpecs,
  type ProbeState,
  type ProbeTarget,
  recordVerdict,
  type Verdict,
} from "./probe.ts";
import { formatSpan } from "./time.ts";

export type Finding =
  | { readonly kind: "became-ready" }
  | { readonly kind: "became-unready" | "liveness-lost"; readonly why: string };

export interface ProberDeps {
  readonly clock: Clock;
  readonly specs: ProbeSpecs;
  readonly target: ProbeTarget;
  readonly report: (finding: Finding) => void;
  /** Every answer, for the metrics. */
  readonly observe: (kind: ProbeKind, verdict: Verdict) => void;
}

export class Prober implements Disposable {
  readonly #deps: ProberDeps;
  readonly #ended = new AbortController();
  readonly #next = new Map<ProbeKind, Cancel>();

  constructor(deps: ProberDeps) {
    this.#deps = deps;
    const { startup } = deps.specs;
    // Not from inside the constructor: nobody is called back by what they are just calling.
    if (startup === undefined) queueMicrotask(() => this.#begin());
    else this.#ask("startup", startup, initialProbeState("startup"));
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const cancel of this.#next.values()) cancel();
  }

  #begin(): void {
    if (this.#ended.signal.aborted) return;
    const { readiness, liveness } = this.#deps.specs;
    if (readiness === undefined) this.#deps.report({ kind: "became-ready" });
    else this.#ask("readiness", readiness, initialProbeState("readiness"));
    if (liveness !== undefined) this.#ask("liveness", liveness, initialProbeState("liveness"));
  }

  #ask(kind: ProbeKind, spec: ProbeSpec, state: ProbeState): void {
    void this.#verdict(spec).then((verdict) => {
      if (this.#ended.signal.aborted) return;
      this.#deps.observe(kind, verdict);
      const next = recordVerdict(spec, state, verdict);
      if (this.#heed(kind, state, next, verdict) === "done") return;
      this.#next.set(
        kind,
        this.#deps.clock.schedule(spec.period, () => this.#ask(kind, spec, next)),
      );
    });
  }

  #heed(kind: ProbeKind, from: ProbeState, to: ProbeState, verdict: Verdict): "done" | "go-on" {
    if (from.belief === to.belief) return "go-on";
    const why = verdict.kind === "pass" ? "" : verdict.why;
    switch (kind) {
      case "startup":
        if (to.belief !== "pass") return "go-on";
        this.#begin();
        return "done";
      case "readiness":
        this.#deps.report(
          to.belief === "pass" ? { kind: "became-ready" } : { kind: "became-unready", why },
        );
        return "go-on";
      case "liveness":
        // On hold until there is a new child: what is being stopped is not asked again.
        this.#deps.report({ kind: "liveness-lost", why });
        return "done";
      default:
        return kind satisfies never;
    }
  }

  async #verdict({ probe, timeout }: ProbeSpec): Promise<Verdict> {
    const { clock, target } = this.#deps;
    const late = Promise.withResolvers<Verdict>();
    const abort = new AbortController();
    const cancel = clock.schedule(timeout, () => {
      late.resolve({ kind: "fail", why: `no answer within ${formatSpan(timeout)}` });
      abort.abort();
    });
    try {
      const signal = AbortSignal.any([abort.signal, this.#ended.signal]);
      return await Promise.race([probe(target, signal), late.promise]);
    } catch (error) {
      return { kind: "unknown", why: String(error) };
    } finally {
      cancel();
    }
  }
}
