/** What is remembered of one run between two looks at it. */
import type { Millis } from "../../supervision/time.ts";
import type { FlowRun } from "../api/flow-runs.ts";
import type { FoundRun } from "../ports.ts";
import type { Decision } from "./decision.ts";
import type { Cancellation, ProcessFacts } from "./facts.ts";

export class Case {
  readonly id: string;
  run: FlowRun | "deleted" | undefined;
  decision: Decision | undefined;
  /** A process of it that has no record. */
  foundProcess: FoundRun | undefined;
  #seen: { readonly what: string; readonly since: Millis } | undefined;
  #cancellation: (Cancellation & { readonly pid: number }) | undefined;
  readonly #told = new Set<string>();

  constructor(id: string) {
    this.id = id;
  }

  /** Since when this state and this process have been seen together. */
  seenSince(run: FlowRun | "deleted", process: ProcessFacts, now: Millis): Millis {
    const state = run === "deleted" ? run : run.state.id;
    const what = `${state} ${process.kind} ${process.kind === "never-seen" ? "" : process.pid}`;
    if (this.#seen?.what !== what) this.#seen = { what, since: now };
    return this.#seen.since;
  }

  get hasCrashed(): boolean {
    return this.run !== undefined && this.run !== "deleted" && this.run.state.type === "CRASHED";
  }

  get since(): Millis | undefined {
    return this.#seen?.since;
  }

  /** Nobody could report anything meanwhile: patience begins anew. */
  serverWasAway(): void {
    this.#seen = undefined;
    this.decision = undefined;
  }

  cancellationOf(pid: number): Cancellation | undefined {
    return this.#cancellation?.pid === pid ? this.#cancellation : undefined;
  }

  signalled(pid: number, signal: "SIGTERM" | "SIGKILL", now: Millis): void {
    this.#cancellation = { pid, termAt: now, isKilled: signal === "SIGKILL" };
  }

  /** Whether this is news. */
  isNew(what: string): boolean {
    if (this.#told.has(what)) return false;
    this.#told.add(what);
    return true;
  }

  /** When it has to be looked at again, without any event. */
  get due(): Millis | undefined {
    return this.decision?.kind === "wait" ? this.decision.until : undefined;
  }
}
