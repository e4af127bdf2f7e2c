/** What can be decided about a run, as data. */
import { type Millis, ms } from "../../supervision/time.ts";
import type { NewState } from "../api/flow-runs.ts";
import type { Question, RunFacts } from "./facts.ts";

export type Decision =
  /** All is as it should be, or it is none of our business. `note`: what people should know all the same. */
  | { readonly kind: "nothing"; readonly note?: string }
  /** Its process has gone, and Prefect has the last word about it: it can be forgotten. */
  | { readonly kind: "over"; readonly report?: string }
  | Wait
  /** It looks wrong, and is not ours to put right. */
  | { readonly kind: "leave"; readonly why: string }
  /** More has to be known; then it is decided again. */
  | { readonly kind: "ask"; readonly question: Question }
  | { readonly kind: "signal"; readonly signal: "SIGTERM" | "SIGKILL"; readonly why: string }
  | {
      readonly kind: "set-state";
      readonly action: Action;
      readonly state: NewState;
      readonly why: string;
    };

export interface Wait {
  readonly kind: "wait";
  readonly until: Millis;
  /**
   * `report`: for those concerned, who will say it within seconds if they can; `worker`: for one
   * that lives, and may be about to start the run; `end`: of a process that was asked to go.
   */
  readonly waitFor: "report" | "worker" | "end";
  readonly why: string;
}

export type Action = "crash" | "cancel" | "reschedule";

export const nothing: Decision = { kind: "nothing" };
export const over: Decision = { kind: "over" };

export const ask = (question: Question): Decision => ({ kind: "ask", question });

export const leave = (why: string): Decision => ({ kind: "leave", why });

/** Undefined once it has been seen like this for so long. */
export function waitUnlessSeenFor(
  span: Millis,
  { seenSince }: Pick<RunFacts, "seenSince">,
  now: Millis,
  waitFor: Wait["waitFor"],
  why: string,
): Wait | undefined {
  const until = ms(seenSince + span);
  return now >= until ? undefined : { kind: "wait", until, waitFor, why };
}
