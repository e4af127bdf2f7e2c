/**
 * When answers change what we believe of a check: after so many in a row, in either direction. What
 * hangs is believed at once, for it has had its time, and more.
 */
import type { Millis } from "../supervision/time.ts";
import { type Answer, type Found, type Level, severity } from "./answer.ts";

export interface CheckState {
  /** `unknown`: not looked at yet, or we could not look. */
  readonly kind: "unknown" | Level | "hangs";
  /** When the first of the answers was asked for that it rests on. */
  readonly since: Millis;
  /** The last answer that says so; undefined if none has. */
  readonly basis: Found | undefined;
  /** The last ones, oldest first: as many as a threshold needs. */
  readonly recent: readonly Timed[];
  /** Why we could not look, the last times in a row. */
  readonly errors: readonly string[];
}

interface Timed {
  readonly askedAt: Millis;
  readonly found: Found;
}

export type CheckEvent =
  | { readonly kind: "answered"; readonly askedAt: Millis; readonly answer: Answer }
  /** The question of that time has had no answer, and cannot be ended. */
  | { readonly kind: "hung"; readonly askedAt: Millis };

export interface Thresholds {
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

export const initialState = (now: Millis): CheckState => ({
  kind: "unknown",
  since: now,
  basis: undefined,
  recent: [],
  errors: [],
});

export function advance(rules: Thresholds, state: CheckState, event: CheckEvent): CheckState {
  switch (event.kind) {
    case "hung":
      return {
        kind: "hangs",
        since: state.kind === "hangs" ? state.since : event.askedAt,
        basis: undefined,
        recent: [],
        errors: [],
      };
    case "answered":
      return event.answer.kind === "error"
        ? couldNotLook(rules, state, event.askedAt, event.answer.why)
        : heed(rules, state, { askedAt: event.askedAt, found: event.answer });
    default:
      return event satisfies never;
  }
}

/** Its last answer was another one than what is believed; one more may change that. */
export function isInDoubt({ kind, recent, errors }: CheckState): boolean {
  const last = recent.at(-1);
  const isContrary = last !== undefined && kind !== "unknown" && !agrees(kind, last.found.kind);
  return isContrary || (kind !== "unknown" && errors.length > 0);
}

const agrees = (kind: CheckState["kind"], level: Level): boolean =>
  kind === level || (kind === "hangs" && level === "fail");

function couldNotLook(
  { failureThreshold }: Thresholds,
  state: CheckState,
  askedAt: Millis,
  why: string,
): CheckState {
  const errors = [...state.errors, why].slice(-failureThreshold);
  if (state.kind === "unknown" || errors.length < failureThreshold) return { ...state, errors };
  return { kind: "unknown", since: askedAt, basis: undefined, recent: [], errors };
}

function heed(rules: Thresholds, state: CheckState, last: Timed): CheckState {
  const longest = Math.max(rules.failureThreshold, rules.successThreshold);
  const recent = [...state.recent, last].slice(-longest);
  const turn = turnOf(rules, state, recent);
  if (turn !== undefined) return { ...turn, recent, errors: [] };
  const basis = last.found.kind === state.kind ? last.found : state.basis;
  return { ...state, basis, recent, errors: [] };
}

type Turn = Pick<CheckState, "kind" | "since" | "basis">;

function turnOf(
  { failureThreshold, successThreshold }: Thresholds,
  { kind, since }: CheckState,
  recent: readonly Timed[],
): Turn | undefined {
  // Of what is not known, the first answer is the best that there is.
  if (kind === "unknown") return turnTo(recent.slice(-1));
  const last = recent.at(-1);
  // What hung and now answers that it is not well has not got better.
  if (kind === "hangs" && last?.found.kind === "fail") {
    return { kind: "fail", since, basis: last.found };
  }
  const now = severity[kind === "hangs" ? "fail" : kind];
  const worse = recent.slice(-failureThreshold);
  if (worse.length === failureThreshold && worse.every((one) => rank(one) > now)) {
    return turnTo(worse, Math.min(...worse.map(rank)));
  }
  const better = recent.slice(-successThreshold);
  if (better.length === successThreshold && better.every((one) => rank(one) < now)) {
    return turnTo(better, Math.max(...better.map(rank)));
  }
  return undefined;
}

const rank = ({ found }: Timed): number => severity[found.kind];

/** To what all of them at least say; the last that says just that is the reason. */
function turnTo(answers: readonly Timed[], level = rankOfLast(answers)): Turn | undefined {
  const basis = answers.findLast((one) => rank(one) === level)?.found;
  const [first] = answers;
  return basis && first && { kind: basis.kind, since: first.askedAt, basis };
}

const rankOfLast = (answers: readonly Timed[]): number => {
  const last = answers.at(-1);
  return last === undefined ? 0 : rank(last);
};
