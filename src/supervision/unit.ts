/**
 * The life of one unit as data: its state, the events that can reach it, and the commands that
 * they call for. Nothing here spawns, signals or waits.
 *
 * `desired` is what the operator wants; `phase` is what is. Keeping the two apart is what lets a
 * stop win over a restart that is already under way.
 */
import type { Cause, Exit } from "./exit.ts";
import {
  decideRestart,
  noRestarts,
  type RestartHistory,
  type RestartPolicy,
} from "./restart-policy.ts";
import { type Millis, ms } from "./time.ts";

/** The part of a unit's specification that decisions are made of. */
export interface UnitRules {
  readonly restart: RestartPolicy;
  readonly startTimeout: Millis;
  /** Asked in this order, each with its patience; after the last comes SIGKILL for all that is left. */
  readonly stopLadder: readonly [StopRung, ...StopRung[]];
  /** A check that must pass before each spawn: what it needs from the machine is there. */
  readonly hasPreflight: boolean;
  /** When a condition comes back, starts are spread over this span, so that not all come at once. */
  readonly startSpread: Millis;
}

export interface StopRung {
  readonly signal: NodeJS.Signals;
  readonly wait: Millis;
}

/** Something that a wanted unit waits for. */
export interface Blocker {
  readonly kind: "dependency" | "check" | "volume" | "port" | "environment" | "config";
  /** A clause that stands alone: `the server is not ready`. */
  readonly why: string;
  /** What the reader can do about it, as a sentence. */
  readonly cure?: string;
}

export type StopCause =
  | { readonly kind: "operator" | "shutdown" | "restart" | "config" | "environment" }
  | { readonly kind: "unhealthy" | "start-timeout"; readonly why: string };

export type RestartCause = "restart" | "config" | "environment";

export type Phase =
  | { readonly kind: "down"; readonly since: Millis; readonly why: DownReason }
  | { readonly kind: "waiting"; readonly since: Millis; readonly blockers: readonly Blocker[] }
  | { readonly kind: "starting"; readonly spawnedAt: Millis }
  | {
      readonly kind: "running";
      readonly spawnedAt: Millis;
      readonly readySince: Millis;
      /** Why its readiness probe fails now, although it passed before. */
      readonly unready: string | undefined;
    }
  | {
      readonly kind: "stopping";
      readonly since: Millis;
      readonly spawnedAt: Millis;
      readonly readySince: Millis | undefined;
      /** Index into the stop ladder; its length once SIGKILL has been sent. */
      readonly rung: number;
      readonly cause: StopCause;
    }
  | { readonly kind: "backing-off"; readonly since: Millis; readonly until: Millis }
  | { readonly kind: "broken"; readonly since: Millis; readonly until: Millis };

export type DownReason = "never-started" | "operator" | "shutdown" | "finished";

/** The last death, for people. */
export interface LastDeath {
  readonly at: Millis;
  readonly exit: Exit;
  readonly cause: Cause;
  readonly uptime: Millis;
}

export interface UnitState {
  readonly desired: "up" | "down";
  /** Counts attempts to start. Events carry the generation that they are about; stale ones are dropped. */
  readonly generation: number;
  readonly spawns: number;
  readonly phase: Phase;
  /** Conditions that are not met, as last reported; only the start of a unit heeds them. */
  readonly unmet: readonly Blocker[];
  readonly history: RestartHistory;
  readonly lastDeath: LastDeath | undefined;
}

/** A unit has one timer at a time. It is named, for one that fires as it is replaced must not pass for its successor. */
export type Timer = "start" | "stop" | "restart" | "recheck" | "proven" | "forget";

export type UnitEvent =
  /** `deferred`: it is wanted from now on, and will be asked for again when it is its turn. */
  | { readonly kind: "start-requested"; readonly deferred?: true }
  | { readonly kind: "stop-requested"; readonly by: "operator" | "shutdown" }
  | { readonly kind: "restart-requested"; readonly by: RestartCause }
  | { readonly kind: "conditions-changed"; readonly unmet: readonly Blocker[] }
  | {
      readonly kind: "preflight-done";
      readonly generation: number;
      readonly blockers: readonly Blocker[];
    }
  | { readonly kind: "became-ready"; readonly generation: number }
  | { readonly kind: "became-unready"; readonly generation: number; readonly why: string }
  | { readonly kind: "liveness-lost"; readonly generation: number; readonly why: string }
  | { readonly kind: "timed-out"; readonly generation: number; readonly timer: Timer }
  | {
      readonly kind: "ended";
      readonly generation: number;
      readonly exit: Exit;
      readonly cause: Cause;
    };

export type UnitCommand =
  | { readonly kind: "preflight"; readonly generation: number }
  | { readonly kind: "spawn"; readonly generation: number }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  /** SIGKILL for the child and for whatever it left behind. */
  | { readonly kind: "kill" }
  | {
      readonly kind: "arm-timer";
      readonly generation: number;
      readonly timer: Timer;
      readonly after: Millis;
    }
  | { readonly kind: "disarm-timer" };

export type Step = readonly [next: UnitState, commands: readonly UnitCommand[]];

export interface Moment {
  readonly now: Millis;
  /** Uniform in [0, 1). */
  readonly dice: number;
}

/** How long SIGKILL may take before it is sent again; a process in an uninterruptible wait outlives it. */
const killPatience = ms(5_000);

/** How often a preflight that found something is repeated. */
const recheckAfter = ms(2_000);

export const initial: UnitState = {
  desired: "down",
  generation: 0,
  spawns: 0,
  phase: { kind: "down", since: ms(0), why: "never-started" },
  unmet: [],
  history: noRestarts,
  lastDeath: undefined,
};

export function transition(rules: UnitRules, state: UnitState, event: UnitEvent, at: Moment): Step {
  if ("generation" in event && event.generation !== state.generation) return [state, []];
  const { phase } = state;

  switch (event.kind) {
    case "start-requested": {
      const wanted: UnitState = { ...state, desired: "up" };
      const isLater = event.deferred === true && phase.kind === "down";
      return isLater ? wait(wanted, at.now, [], undefined) : beginAfresh(rules, wanted, at);
    }

    case "stop-requested":
      return stopForGood(rules, { ...state, desired: "down" }, event.by, at);

    case "restart-requested": {
      // Only the operator's word brings up what the operator has stopped.
      const desired = event.by === "restart" ? "up" : state.desired;
      const wanted: UnitState = { ...state, desired };
      if (phase.kind === "starting" || phase.kind === "running") {
        return stop(rules, { ...wanted, history: noRestarts }, phase, { kind: event.by }, at);
      }
      if (phase.kind === "stopping" && desired === "up") {
        return [{ ...wanted, phase: { ...phase, cause: { kind: event.by } } }, []];
      }
      return desired === "up" ? beginAfresh(rules, wanted, at) : [wanted, []];
    }

    case "conditions-changed": {
      const known: UnitState = { ...state, unmet: event.unmet };
      const isHeld = phase.kind === "waiting";
      if (isHeld && known.unmet.length > 0) {
        // A new attempt, so that a check under way or a timer just fired is about the old one.
        const attempt: UnitState = { ...known, generation: known.generation + 1 };
        return wait(attempt, phase.since, known.unmet, undefined);
      }
      // A back-off is cut short too: what the unit died of may well be what has just come back.
      const canStart = isHeld || phase.kind === "backing-off" || phase.kind === "broken";
      const recovered = state.unmet.length > 0 && known.unmet.length === 0;
      if (!canStart || !recovered) return [known, []];
      return begin(rules, known, at, ms(Math.round(rules.startSpread * at.dice)));
    }

    case "preflight-done":
      if (phase.kind !== "waiting") return [state, []];
      if (state.unmet.length > 0) return wait(state, phase.since, state.unmet, undefined);
      if (event.blockers.length > 0) return wait(state, phase.since, event.blockers, recheckAfter);
      return spawn(rules, state, at.now);

    case "became-ready":
      if (phase.kind === "starting") {
        return [
          {
            ...state,
            phase: {
              kind: "running",
              spawnedAt: phase.spawnedAt,
              readySince: at.now,
              unready: undefined,
            },
          },
          [arm("proven", state.generation, rules.restart.provenAfter)],
        ];
      }
      if (phase.kind === "running") {
        return [{ ...state, phase: { ...phase, unready: undefined } }, []];
      }
      return [state, []];

    case "became-unready":
      if (phase.kind !== "running") return [state, []];
      return [{ ...state, phase: { ...phase, unready: event.why } }, []];

    case "liveness-lost":
      if (phase.kind !== "running") return [state, []];
      return stop(rules, state, phase, { kind: "unhealthy", why: event.why }, at);

    case "timed-out":
      return timedOut(rules, state, event.timer, at);

    case "ended":
      return ended(rules, state, event, at);

    default:
      return event satisfies never;
  }
}

function timedOut(rules: UnitRules, state: UnitState, timer: Timer, at: Moment): Step {
  const { phase } = state;
  switch (timer) {
    case "start": {
      if (phase.kind !== "starting") return [state, []];
      const why = "was not ready in time";
      return stop(rules, state, phase, { kind: "start-timeout", why }, at);
    }
    case "stop":
      return phase.kind === "stopping" ? climb(rules, state, phase) : [state, []];
    case "restart":
      if (phase.kind !== "backing-off" && phase.kind !== "broken") return [state, []];
      return begin(rules, state, at);
    case "recheck":
      return phase.kind === "waiting" ? begin(rules, state, at) : [state, []];
    case "proven": {
      if (phase.kind !== "running") return [state, []];
      const { forgetAfter, provenAfter } = rules.restart;
      return [
        { ...state, history: { ...state.history, breaker: "closed" } },
        [arm("forget", state.generation, ms(Math.max(0, forgetAfter - provenAfter)))],
      ];
    }
    case "forget":
      return phase.kind === "running" ? [{ ...state, history: noRestarts }, []] : [state, []];
    default:
      return timer satisfies never;
  }
}

function ended(
  rules: UnitRules,
  state: UnitState,
  { exit, cause }: { readonly exit: Exit; readonly cause: Cause },
  at: Moment,
): Step {
  const { phase } = state;
  if (phase.kind !== "starting" && phase.kind !== "running" && phase.kind !== "stopping") {
    return [state, []];
  }
  const stopCause = phase.kind === "stopping" ? phase.cause : undefined;
  if (stopCause !== undefined && state.desired === "down") {
    return down(state, stopCause.kind === "shutdown" ? "shutdown" : "operator", at.now);
  }
  const asked = stopCause !== undefined && !isFault(stopCause);
  if (asked) return begin(rules, state, at);

  const isDependency = state.unmet.length > 0;
  const told: Cause = isFault(stopCause) ? { kind: "crash", summary: stopCause.why } : cause;
  const lastDeath: LastDeath = {
    at: at.now,
    exit,
    cause: isDependency ? { ...told, kind: "dependency" } : told,
    uptime: ms(at.now - phase.spawnedAt),
  };
  const readySince = phase.kind === "starting" ? undefined : phase.readySince;
  const decision = decideRestart(
    rules.restart,
    state.history,
    {
      // A stop of ours is no clean end, whatever status the child gave.
      exit: isFault(stopCause) ? { kind: "signaled", signal: "SIGTERM" } : exit,
      cause: lastDeath.cause.kind,
      readyFor: readySince === undefined ? undefined : ms(at.now - readySince),
      now: at.now,
    },
    at.dice,
  );
  const dead: UnitState = { ...state, lastDeath };
  if (decision.kind === "stay-down") {
    return down({ ...dead, desired: "down" }, "finished", at.now);
  }

  const next: UnitState = { ...dead, history: decision.history };
  if (isDependency) return wait(next, at.now, next.unmet, undefined);
  if (decision.delay === 0) return begin(rules, next, at);
  const until = ms(at.now + decision.delay);
  const kind = decision.history.breaker === "open" ? "broken" : "backing-off";
  return [
    { ...next, phase: { kind, since: at.now, until } },
    [arm("restart", state.generation, decision.delay)],
  ];
}

const isFault = (
  cause: StopCause | undefined,
): cause is Extract<StopCause, { readonly why: string }> => cause !== undefined && "why" in cause;

/** A start by somebody's word: nothing that went before is held against the unit. */
function beginAfresh(rules: UnitRules, state: UnitState, at: Moment): Step {
  switch (state.phase.kind) {
    case "down":
    case "backing-off":
    case "broken":
    case "waiting":
      return begin(rules, { ...state, history: noRestarts }, at);
    case "starting":
    case "running":
    case "stopping":
      return [state, []];
    default:
      return state.phase satisfies never;
  }
}

function stopForGood(
  rules: UnitRules,
  state: UnitState,
  by: "operator" | "shutdown",
  at: Moment,
): Step {
  const { phase } = state;
  switch (phase.kind) {
    case "down":
      return [state, []];
    case "backing-off":
    case "broken":
    case "waiting":
      return down(state, by, at.now);
    case "starting":
    case "running":
      return stop(rules, state, phase, { kind: by }, at);
    case "stopping":
      return [{ ...state, phase: { ...phase, cause: { kind: by } } }, []];
    default:
      return phase satisfies never;
  }
}

/** Starts a new attempt: waits for its conditions, then for its preflight, then spawns. */
function begin(rules: UnitRules, state: UnitState, at: Moment, delay = ms(0)): Step {
  const attempt: UnitState = { ...state, generation: state.generation + 1 };
  const since = state.phase.kind === "waiting" ? state.phase.since : at.now;
  if (state.unmet.length > 0) return wait(attempt, since, state.unmet, undefined);
  if (delay > 0) return wait(attempt, since, [], delay);
  if (!rules.hasPreflight) return spawn(rules, attempt, at.now);
  const blockers = state.phase.kind === "waiting" ? state.phase.blockers : [];
  return [
    { ...attempt, phase: { kind: "waiting", since, blockers } },
    [{ kind: "disarm-timer" }, { kind: "preflight", generation: attempt.generation }],
  ];
}

function wait(
  state: UnitState,
  since: Millis,
  blockers: readonly Blocker[],
  recheck: Millis | undefined,
): Step {
  return [
    { ...state, phase: { kind: "waiting", since, blockers } },
    [recheck === undefined ? { kind: "disarm-timer" } : arm("recheck", state.generation, recheck)],
  ];
}

function spawn(rules: UnitRules, state: UnitState, now: Millis): Step {
  const { generation, history } = state;
  return [
    {
      ...state,
      spawns: state.spawns + 1,
      history: history.breaker === "open" ? { ...history, breaker: "half-open" } : history,
      phase: { kind: "starting", spawnedAt: now },
    },
    [{ kind: "spawn", generation }, arm("start", generation, rules.startTimeout)],
  ];
}

function stop(
  rules: UnitRules,
  state: UnitState,
  phase: Extract<Phase, { readonly kind: "starting" | "running" }>,
  cause: StopCause,
  at: Moment,
): Step {
  const [first] = rules.stopLadder;
  const { spawnedAt } = phase;
  const readySince = phase.kind === "running" ? phase.readySince : undefined;
  return [
    {
      ...state,
      phase: { kind: "stopping", since: at.now, spawnedAt, readySince, rung: 0, cause },
    },
    [{ kind: "signal", signal: first.signal }, arm("stop", state.generation, first.wait)],
  ];
}

function climb(
  rules: UnitRules,
  state: UnitState,
  phase: Extract<Phase, { readonly kind: "stopping" }>,
): Step {
  const rung = Math.min(phase.rung + 1, rules.stopLadder.length);
  const next = rules.stopLadder[rung];
  return [
    { ...state, phase: { ...phase, rung } },
    next === undefined
      ? [{ kind: "kill" }, arm("stop", state.generation, killPatience)]
      : [{ kind: "signal", signal: next.signal }, arm("stop", state.generation, next.wait)],
  ];
}

function down(state: UnitState, why: DownReason, now: Millis): Step {
  return [{ ...state, phase: { kind: "down", since: now, why } }, [{ kind: "disarm-timer" }]];
}

function arm(timer: Timer, generation: number, after: Millis): UnitCommand {
  return { kind: "arm-timer", generation, timer, after };
}
