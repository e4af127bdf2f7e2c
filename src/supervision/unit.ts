/**
 * The life of one unit: what it does next, whatever happens. Nothing here spawns, signals or waits.
 *
 * `desired` is what the operator wants; `phase` is what is. Keeping the two apart is what lets a
 * stop win over a restart that is already under way.
 */
import type { Cause, Exit } from "./exit.ts";
import { decideRestart, noRestarts } from "./restart-policy.ts";
import { ms } from "./time.ts";
import type {
  LastDeath,
  Moment,
  Step,
  StopCause,
  Timer,
  UnitEvent,
  UnitRules,
  UnitState,
} from "./unit-state.ts";
import { adopt, arm, begin, climb, down, spawn, stop, tell, wait } from "./unit-steps.ts";

/** How often a preflight that found something is repeated. */
const recheckAfter = ms(2_000);

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
      return stopForGood(rules, state, event.by, at);

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

    case "adopted": {
      const isFree = phase.kind === "down" || phase.kind === "waiting";
      return isFree ? adopt(rules, state, event, at.now) : [state, []];
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
      if (recovered && phase.kind === "starting") {
        // Only now can it become ready. The timer looks at this when it fires.
        const until = ms(at.now + rules.startTimeout);
        return [{ ...known, phase: { ...phase, until } }, []];
      }
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

    case "quiesced":
      if (phase.kind !== "stopping" || !phase.isQuiescing) return [state, []];
      return tell(rules, state, phase, at);

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
      // While what it needs is away, it cannot be ready: it gets its time when that comes back.
      const left = state.unmet.length > 0 ? rules.startTimeout : phase.until - at.now;
      if (left > 0) return [state, [arm("start", state.generation, ms(left))]];
      const why = "was not ready in time";
      return stop(rules, state, phase, { kind: "start-timeout", why }, at);
    }
    case "quiesce":
      return phase.kind === "stopping" && phase.isQuiescing
        ? tell(rules, state, phase, at)
        : [state, []];
    case "stop":
      return phase.kind === "stopping" && !phase.isQuiescing
        ? climb(rules, state, phase)
        : [state, []];
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
  const unwanted: UnitState = { ...state, desired: "down" };
  switch (phase.kind) {
    case "down":
      return [unwanted, []];
    case "backing-off":
    case "broken":
    case "waiting":
      return down(unwanted, by, at.now);
    case "starting":
    case "running":
      return stop(rules, unwanted, phase, { kind: by }, at);
    case "stopping": {
      const stopping = { ...phase, cause: { kind: by } };
      // Who orders it again does not want to wait for it to come to rest.
      const isImpatient = by === "shutdown" || state.desired === "down";
      if (phase.isQuiescing && isImpatient) return tell(rules, unwanted, stopping, at);
      return [{ ...unwanted, phase: stopping }, []];
    }
    default:
      return phase satisfies never;
  }
}
