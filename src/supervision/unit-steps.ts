/** The steps that `transition` is made of: each a next state, and the commands that belong to it. */
import { type Millis, ms } from "./time.ts";
import type {
  Blocker,
  DownReason,
  Moment,
  Phase,
  Step,
  StopCause,
  Timer,
  UnitCommand,
  UnitRules,
  UnitState,
} from "./unit-state.ts";

/** How long SIGKILL may take before it is sent again; a process in an uninterruptible wait outlives it. */
const killPatience = ms(5_000);

/** Starts a new attempt: waits for its conditions, then for its preflight, then spawns. */
export function begin(rules: UnitRules, state: UnitState, at: Moment, delay = ms(0)): Step {
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

export function wait(
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

export function spawn(rules: UnitRules, state: UnitState, now: Millis): Step {
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

export function stop(
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

export function climb(
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

export function down(state: UnitState, why: DownReason, now: Millis): Step {
  return [{ ...state, phase: { kind: "down", since: now, why } }, [{ kind: "disarm-timer" }]];
}

export function arm(timer: Timer, generation: number, after: Millis): UnitCommand {
  return { kind: "arm-timer", generation, timer, after };
}
