/** The steps that `transition` is made of: each a next state, and the commands that belong to it. */
import { type Millis, minutes, ms } from "./time.ts";
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

/**
 * The least that an adopted child gets to show that it is ready: it may have been so for days, or
 * its time to become ready may just be over, and nobody knows which.
 */
const answerPatience = minutes(1);

type Stopping = Extract<Phase, { readonly kind: "stopping" }>;
type Alive = Extract<Phase, { readonly kind: "starting" | "running" }>;

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
      isAdopted: false,
      history: history.breaker === "open" ? { ...history, breaker: "half-open" } : history,
      phase: { kind: "starting", spawnedAt: now, until: ms(now + rules.startTimeout) },
    },
    [{ kind: "spawn", generation }, arm("start", generation, rules.startTimeout)],
  ];
}

export function adopt(
  rules: UnitRules,
  state: UnitState,
  { spawnedAt, spawns }: { readonly spawnedAt: Millis; readonly spawns: number },
  now: Millis,
): Step {
  const generation = state.generation + 1;
  const left = ms(spawnedAt + rules.startTimeout - now);
  const patience = ms(Math.max(left, Math.min(rules.startTimeout, answerPatience)));
  return [
    {
      ...state,
      desired: "up",
      generation,
      spawns,
      isAdopted: true,
      phase: { kind: "starting", spawnedAt, until: ms(now + patience) },
    },
    [{ kind: "adopt", generation }, arm("start", generation, patience)],
  ];
}

export function stop(
  rules: UnitRules,
  state: UnitState,
  phase: Alive,
  cause: StopCause,
  at: Moment,
): Step {
  const { generation } = state;
  const { spawnedAt } = phase;
  const readySince = phase.kind === "running" ? phase.readySince : undefined;
  const since = at.now;
  const stopping = { kind: "stopping", since, spawnedAt, readySince, rung: 0, cause } as const;
  const { quiesceTimeout } = rules;
  if (quiesceTimeout === undefined || !leavesTime(cause)) return tell(rules, state, stopping, at);
  return [
    { ...state, phase: { ...stopping, isQuiescing: true } },
    [
      { kind: "quiesce", generation, cause: cause.kind },
      arm("quiesce", generation, quiesceTimeout),
    ],
  ];
}

/** The first signal, whether or not it has come to rest. */
export function tell(
  rules: UnitRules,
  state: UnitState,
  phase: Omit<Stopping, "isQuiescing">,
  at: Moment,
): Step {
  const [first] = rules.stopLadder;
  return [
    { ...state, phase: { ...phase, isQuiescing: false, since: at.now } },
    [{ kind: "signal", signal: first.signal }, arm("stop", state.generation, first.wait)],
  ];
}

export function climb(rules: UnitRules, state: UnitState, phase: Stopping): Step {
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

/** What is unhealthy cannot answer, and a shutdown has seen to it before. */
function leavesTime({ kind }: StopCause): boolean {
  switch (kind) {
    case "operator":
    case "restart":
    case "config":
    case "environment":
      return true;
    case "shutdown":
    case "unhealthy":
    case "start-timeout":
      return false;
    default:
      return kind satisfies never;
  }
}
