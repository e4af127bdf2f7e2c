/** Says of a unit, in the operator's words, what it is doing, why, and what comes next. */
import { formatSpan, type Millis, ms } from "./time.ts";
import { rulesOf } from "./unit-spec.ts";
import type { StopCause, UnitState } from "./unit-state.ts";
import type { UnitView } from "./unit-view.ts";

export type ShownState =
  | "stopped"
  | "waiting"
  | "starting"
  | "running"
  | "draining"
  | "stopping"
  | "backoff";

export type ReasonCode =
  | "wanted"
  | "operator"
  | "not_started"
  | "dependency"
  | "check"
  | "volume"
  | "port"
  | "environment"
  | "config"
  | "drain"
  | "crash"
  | "unhealthy"
  | "start_timeout"
  | "breaker";

export interface Description {
  readonly state: ShownState;
  readonly since: Millis;
  readonly code: ReasonCode;
  /** Why it is so, as a clause or sentences. */
  readonly reason: string;
  /** What comes next or what the reader can do; undefined if nothing does. */
  readonly next: string | undefined;
  /** When it is started next. */
  readonly startsAt: Millis | undefined;
}

export function describe({ spec, state }: UnitView, now: Millis): Description {
  const { phase } = state;
  const died = deathOf(state);
  const base = { next: undefined, startsAt: undefined };
  switch (phase.kind) {
    case "down":
      return {
        ...base,
        state: "stopped",
        since: phase.since,
        ...whyDown(phase.why, died),
        next: `\`sails-supervisor start ${spec.name}\` starts it`,
      };
    case "waiting": {
      const [first] = phase.blockers;
      const cures = phase.blockers.flatMap(({ cure }) => cure ?? []);
      return {
        ...base,
        state: "waiting",
        since: phase.since,
        code: first?.kind ?? "wanted",
        reason: phase.blockers.map(({ why }) => why).join("; ") || "looks whether it can start",
        next: ["starts as soon as it can", ...cures].join(". "),
      };
    }
    case "starting":
      return {
        ...base,
        state: "starting",
        since: phase.spawnedAt,
        code: "wanted",
        reason: whyStarting(state, died),
        next: startLimit(state, phase.until, now),
      };
    case "running": {
      if (phase.unready !== undefined) {
        const reason = `runs but is not ready: ${phase.unready}`;
        return { ...base, state: "running", since: phase.readySince, code: "unhealthy", reason };
      }
      const before = died === undefined ? "" : `; before that it ${died}`;
      const reason = `ready for ${formatSpan(ms(now - phase.readySince))}${before}`;
      return { ...base, state: "running", since: phase.readySince, code: "wanted", reason };
    }
    case "stopping": {
      if (phase.isQuiescing) return draining({ spec, state }, phase, now);
      const rung = spec.rules.stopLadder[phase.rung];
      return {
        ...base,
        state: "stopping",
        since: phase.since,
        ...whyStopping(phase.cause),
        next:
          rung === undefined
            ? "SIGKILL has been sent; a process in an uninterruptible wait goes when that ends"
            : `has been sent ${rung.signal}, is killed if it does not go`,
      };
    }
    case "backing-off":
      return {
        state: "backoff",
        since: phase.since,
        code: state.lastDeath?.cause.kind === "config" ? "config" : "crash",
        reason: died ?? "died",
        next: `start ${state.spawns + 1} in ${until(now, phase.until)}`,
        startsAt: phase.until,
      };
    case "broken": {
      const { deaths, breaker } = { ...state.history, ...spec.rules.restart };
      const often =
        state.lastDeath?.cause.kind === "config"
          ? ""
          : `died ${deaths.length} times in ${formatSpan(breaker.interval)}; last it `;
      const cure = state.lastDeath?.cause.cure;
      return {
        state: "backoff",
        since: phase.since,
        code: "breaker",
        reason: `${often}${died ?? "died"}`,
        next: [
          `one trial in ${until(now, phase.until)}`,
          `\`sails-supervisor restart ${spec.name}\` tries at once`,
          ...(cure === undefined ? [] : [cure]),
        ].join(". "),
        startsAt: phase.until,
      };
    }
    default:
      return phase satisfies never;
  }
}

function whyStarting({ isAdopted }: UnitState, died: string | undefined): string {
  if (isAdopted) return "was started by an earlier daemon; whether it is ready is not known yet";
  return died === undefined ? "not ready yet" : `not ready yet; before that it ${died}`;
}

function startLimit({ unmet: [first] }: UnitState, limit: Millis, now: Millis): string {
  return first === undefined
    ? `is given up and started again if it is not ready in ${until(now, limit)}`
    : `has its time to become ready once this has passed: ${first.why}`;
}

function draining(
  { spec, state }: Pick<UnitView, "spec" | "state">,
  phase: Extract<UnitState["phase"], { kind: "stopping" }>,
  now: Millis,
): Description {
  const limit = ms(phase.since + (rulesOf(spec).quiesceTimeout ?? 0));
  const isUnwanted = state.desired === "down";
  return {
    state: "draining",
    since: phase.since,
    code: "drain",
    reason: `${whyStopping(phase.cause).reason}; takes on nothing new, and finishes what must not be cut in half`,
    next: [
      `is stopped when that is done, in ${until(now, limit)} at the latest`,
      ...(isUnwanted ? [`\`sails-supervisor stop ${spec.name}\` does it at once`] : []),
    ].join(". "),
    startsAt: undefined,
  };
}

function whyDown(
  why: Extract<UnitState["phase"], { kind: "down" }>["why"],
  died: string | undefined,
): Pick<Description, "code" | "reason"> {
  switch (why) {
    case "never-started":
      return { code: "not_started", reason: "has not been started" };
    case "operator":
      return { code: "operator", reason: "stopped by the operator" };
    case "shutdown":
      return { code: "operator", reason: "the supervisor is shutting down" };
    case "finished":
      return { code: "operator", reason: died ?? "has finished" };
    default:
      return why satisfies never;
  }
}

function whyStopping(cause: StopCause): Pick<Description, "code" | "reason"> {
  switch (cause.kind) {
    case "operator":
      return { code: "operator", reason: "stopped by the operator" };
    case "shutdown":
      return { code: "operator", reason: "the supervisor is shutting down" };
    case "restart":
      return { code: "operator", reason: "restarted by the operator" };
    case "config":
      return { code: "config", reason: "restarted: its configuration has changed" };
    case "environment":
      return { code: "environment", reason: "restarted: its Python environment has changed" };
    case "unhealthy":
      return { code: "unhealthy", reason: `restarted: ${cause.why}` };
    case "start-timeout":
      return { code: "start_timeout", reason: `restarted: ${cause.why}` };
    default:
      return cause satisfies never;
  }
}

/** `exited with status 1 after 2 s: ModuleNotFoundError: …` */
export function deathOf({ lastDeath }: UnitState): string | undefined {
  if (lastDeath === undefined) return undefined;
  const { cause, exit, uptime } = lastDeath;
  const after = exit.kind === "spawn-failed" ? "" : ` after ${formatSpan(uptime)}`;
  // Of two clauses, it is the first that tells what happened then.
  const summary = cause.summary.replace(/^[^;]*/, (first) => `${first}${after}`);
  return [summary, ...(cause.detail === undefined ? [] : [cause.detail])].join(": ");
}

const until = (now: Millis, then: Millis): string => formatSpan(ms(Math.max(0, then - now)));
