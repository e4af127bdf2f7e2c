/**
 * Decides whether, and when, a child that has ended is started again.
 * The clock and the dice are arguments, so every decision can be replayed.
 */
import { type Cause, type Exit, isClean } from "./exit.ts";
import { type Millis, minutes, ms, seconds } from "./time.ts";

/** Names follow systemd.service(5), where the operator knows them from. */
export interface RestartPolicy {
  readonly restart: "always" | "on-failure" | "no";
  readonly delay: { readonly initial: Millis; readonly max: Millis };
  /** Ready for so long, its next death is answered at once. */
  readonly stableAfter: Millis;
  /** Ready for so long, its death does not count for the breaker, and it waits `provenDelay` at most. */
  readonly provenAfter: Millis;
  readonly provenDelay: Millis;
  /** Ready for so long, its failures are forgotten. */
  readonly forgetAfter: Millis;
  /** So many deaths inside the interval open the breaker: one trial every `delay`, for ever. */
  readonly breaker: { readonly deaths: number; readonly interval: Millis; readonly delay: Millis };
}

export const defaultRestartPolicy = {
  restart: "always",
  delay: { initial: seconds(1), max: minutes(1) },
  stableAfter: minutes(1),
  provenAfter: seconds(30),
  provenDelay: seconds(5),
  forgetAfter: minutes(10),
  breaker: { deaths: 5, interval: minutes(10), delay: minutes(5) },
} as const satisfies RestartPolicy;

export interface RestartHistory {
  /** When it died without having proven itself, newest first; none older than the breaker's interval. */
  readonly deaths: readonly Millis[];
  /** Deaths since it was last up for `forgetAfter`; those answered at once are not among them. */
  readonly failures: number;
  /** `half-open` while the one trial of an open breaker runs. */
  readonly breaker: "closed" | "open" | "half-open";
}

export const noRestarts: RestartHistory = { deaths: [], failures: 0, breaker: "closed" };

export type RestartDecision =
  | { readonly kind: "restart"; readonly delay: Millis; readonly history: RestartHistory }
  | { readonly kind: "stay-down" };

export interface Death {
  readonly exit: Exit;
  readonly cause: Cause["kind"];
  /** How long it had been ready; undefined if it never was. */
  readonly readyFor: Millis | undefined;
  readonly now: Millis;
}

/** @param dice uniform in [0, 1) */
export function decideRestart(
  policy: RestartPolicy,
  history: RestartHistory,
  death: Death,
  dice: number,
): RestartDecision {
  const wanted =
    policy.restart === "always" || (policy.restart === "on-failure" && !isClean(death.exit));
  if (!wanted) return { kind: "stay-down" };
  if (death.cause === "dependency") {
    return { kind: "restart", delay: backoff(policy.delay, 1, dice), history: closeTrial(history) };
  }

  const readyFor = death.readyFor ?? ms(-1);
  if (readyFor >= policy.stableAfter) return { kind: "restart", delay: ms(0), history };

  const isProven = readyFor >= policy.provenAfter;
  const windowStart = death.now - policy.breaker.interval;
  const recent = history.deaths.filter((at) => at > windowStart);
  const deaths = isProven ? recent : [death.now, ...recent];
  const failures = history.failures + 1;

  const trialFailed = history.breaker === "half-open" && !isProven;
  if (trialFailed || death.cause === "config" || deaths.length >= policy.breaker.deaths) {
    return {
      kind: "restart",
      delay: policy.breaker.delay,
      history: { deaths, failures, breaker: "open" },
    };
  }

  const delay = backoff(policy.delay, failures, dice);
  return {
    kind: "restart",
    delay: isProven ? ms(Math.min(delay, policy.provenDelay)) : delay,
    history: { deaths, failures, breaker: "closed" },
  };
}

/** A trial that its dependency cut short has shown nothing: the breaker waits for the next one. */
function closeTrial(history: RestartHistory): RestartHistory {
  return history.breaker === "half-open" ? { ...history, breaker: "open" } : history;
}

/** Equal jitter: half of each step is kept, so that a crash loop never gets a delay near zero. */
function backoff(delay: RestartPolicy["delay"], attempt: number, dice: number): Millis {
  const step = Math.min(delay.max, delay.initial * 2 ** (attempt - 1));
  return ms(Math.round(step / 2 + (step / 2) * dice));
}
