/** Waits until units are as ordered. */
import type { Answer, ControlClient } from "../control/client.ts";
import type { UnitVerb } from "../control/control-plane.ts";
import type { Millis } from "../supervision/time.ts";
import { progressOf } from "./unit-progress.ts";

export interface Outcome {
  readonly unit: string;
  readonly reached: boolean;
  /** Why not; null if it is. */
  readonly reason: string | null;
}

export type Awaited =
  | { readonly kind: "over"; readonly outcomes: readonly Outcome[] }
  | Exclude<Answer<unknown>, { kind: "answered" }>;

export interface Order {
  readonly verb: UnitVerb;
  readonly units: readonly string[];
  readonly timeout: Millis;
  /** Told of each unit when it is somewhere else than before. */
  readonly report: (unit: string, words: string) => Promise<void>;
}

/** Changes wake us; this is for spans of time that grow in the words. */
const lookAgainMs = 5000;

export async function awaitUnits(client: ControlClient, order: Order): Promise<Awaited> {
  const { verb, report } = order;
  const isOver = AbortSignal.timeout(order.timeout);
  const outcomes = new Map<string, Outcome>();
  const states = new Map<string, string>();
  /** What to say of those that time runs out for. */
  const lastWords = new Map<string, string>();
  for await (const answer of client.statuses(lookAgainMs, isOver)) {
    if (isOver.aborted) break;
    if (answer.kind !== "answered") return answer;
    const byName = new Map(answer.value.units.map((unit) => [unit.name, unit]));
    for (const name of order.units) {
      if (outcomes.has(name)) continue;
      const unit = byName.get(name);
      const progress = progressOf(verb, unit);
      if (progress.kind === "underway") {
        lastWords.set(name, progress.words);
        const state = `${unit?.state} ${unit?.reasonCode} ${unit?.restarts}`;
        if (states.get(name) !== state) await report(name, progress.words);
        states.set(name, state);
        continue;
      }
      const reached = progress.kind === "reached";
      outcomes.set(name, { unit: name, reached, reason: reached ? null : progress.words });
    }
    if (outcomes.size === order.units.length) break;
  }
  const late = (unit: string): Outcome => ({
    unit,
    reached: false,
    reason: `time is over; ${lastWords.get(unit) ?? "nothing was heard of it"}`,
  });
  return { kind: "over", outcomes: order.units.map((name) => outcomes.get(name) ?? late(name)) };
}
