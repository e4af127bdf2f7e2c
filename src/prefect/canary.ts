/**
 * What a server that answers may hide: that nothing can be written, that its scheduler makes no
 * runs, that its database's log grows. A reducer: what is seen now and then → what is believed, what
 * is told, and whether the server is to be replaced for it.
 */
import type { Verdict } from "../supervision/probe.ts";
import { formatSpan, type Millis, minutes, ms, seconds } from "../supervision/time.ts";
import type { Difficulty } from "./declared/steps.ts";

/** One look. Undefined: it could not be seen, and what was believed before stays. */
export interface CanaryLook {
  readonly write:
    | { readonly kind: "ok" }
    | { readonly kind: "failed"; readonly why: string }
    | undefined;
  /** Deployments with an active schedule and without a run ahead. */
  readonly idle: readonly string[] | undefined;
  /** Whether a deployment with a schedule has been changed just now, so that nothing is expected of it yet. */
  readonly isSettling: boolean;
  /** Of SQLite's log beside the database. */
  readonly walBytes: number | undefined;
}

export interface CanaryState {
  readonly write: { readonly since: Millis; readonly why: string } | undefined;
  readonly idle: { readonly since: Millis; readonly names: readonly string[] } | undefined;
  /** A server has been replaced for its scheduler, and that of the next one makes no runs either. */
  readonly wasReplacedForIdle: boolean;
  readonly isSettling: boolean;
  readonly walBytes: number;
}

export const noCanary: CanaryState = {
  write: undefined,
  idle: undefined,
  wasReplacedForIdle: false,
  isSettling: false,
  walBytes: 0,
};

/** With SQLite a database is locked for a moment several times an hour, with nothing wrong. */
const writePatience = ms(90_000);
const writeReplacedAfter = minutes(5);
/** Prefect's own loop comes once a minute. */
const idlePatience = minutes(2);
const idleReplacedAfter = minutes(10);
/** SQLite's own limit is four megabytes; what is beyond this, a reader that never ends holds up. */
const walLimit = 1e9;

export function advanceCanary(state: CanaryState, look: CanaryLook, now: Millis): CanaryState {
  const { write, idle, isSettling, walBytes } = look;
  return {
    write:
      write === undefined
        ? state.write
        : write.kind === "ok"
          ? undefined
          : { since: state.write?.since ?? now, why: write.why },
    idle: nextIdle(state.idle, idle, now),
    wasReplacedForIdle: state.wasReplacedForIdle && idle?.length !== 0,
    isSettling,
    walBytes: walBytes ?? state.walBytes,
  };
}

function nextIdle(
  before: CanaryState["idle"],
  idle: CanaryLook["idle"],
  now: Millis,
): CanaryState["idle"] {
  if (idle === undefined) return before;
  // One that has got a run meanwhile shows that the scheduler works.
  const names = before === undefined ? idle : idle.filter((name) => before.names.includes(name));
  if (names.length > 0) return { since: before?.since ?? now, names };
  return idle.length > 0 ? { since: now, names: idle } : undefined;
}

/** Another process: what was seen is about the one before. */
export const serverReplaced = ({ idle, wasReplacedForIdle }: CanaryState): CanaryState => ({
  ...noCanary,
  wasReplacedForIdle: wasReplacedForIdle || idle !== undefined,
});

/** While something looks wrong, soon; else rarely. */
export function nextLookIn({ write, idle, isSettling }: CanaryState): Millis {
  if (write !== undefined || idle !== undefined) return seconds(30);
  return isSettling ? minutes(2) : minutes(5);
}

export interface CanaryContext {
  /** Whether the server's scheduler is switched off by a setting of its own. */
  readonly isSchedulerOff: boolean;
  /** Whether the server is ours to replace. */
  readonly isOurs: boolean;
}

/** For liveness: why the server is to be replaced. A server whose scheduler stays dead is replaced once. */
export function canaryVerdict(
  { write, idle, wasReplacedForIdle }: CanaryState,
  { isSchedulerOff }: Pick<CanaryContext, "isSchedulerOff">,
  now: Millis,
): Verdict {
  if (write !== undefined && now - write.since > writeReplacedAfter) {
    const why = `it has written nothing for ${formatSpan(ms(now - write.since))}, though it answers: ${write.why}`;
    return { kind: "fail", why };
  }
  const isIdle = idle !== undefined && now - idle.since > idleReplacedAfter;
  if (isIdle && !wasReplacedForIdle && !isSchedulerOff) {
    const why = `its scheduler has made no runs of ${idle.names.join(", ")} for ${formatSpan(ms(now - idle.since))}`;
    return { kind: "fail", why };
  }
  return { kind: "pass" };
}

export function canaryProblems(
  { write, idle, wasReplacedForIdle, walBytes }: CanaryState,
  { isSchedulerOff, isOurs }: CanaryContext,
  now: Millis,
): readonly Difficulty[] {
  const found: Difficulty[] = [];
  if (write !== undefined && now - write.since > writePatience) {
    const then = isOurs ? "; the server is replaced after 5 min of that" : "";
    found.push({
      id: "database-locked",
      what: `Prefect's server answers, and has written nothing to its database for ${formatSpan(ms(now - write.since))}: ${write.why}${then}`,
      cure: "Look who else has the database open, and whether its volume is full: `sails-supervisor doctor`",
    });
  }
  if (idle !== undefined && now - idle.since > idlePatience) {
    const names = idle.names.slice(0, 5).join(", ");
    const more = idle.names.length > 5 ? ` and ${idle.names.length - 5} more` : "";
    found.push({
      id: "scheduler",
      what: `Prefect's scheduler makes no runs: ${names}${more} ${idle.names.length === 1 ? "has" : "have"} an active schedule and no run ahead, for ${formatSpan(ms(now - idle.since))}${doneAbout({ isSchedulerOff, isOurs, wasReplacedForIdle })}`,
      cure: isSchedulerOff
        ? "Take PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED out of prefect.env and of the file that prefect.env_file names, then `sails-supervisor reload`"
        : "`sails-supervisor doctor` knows the versions with which it dies; `sails-supervisor logs server` shows what it said, `sails-supervisor restart server` starts it anew",
    });
  }
  if (walBytes > walLimit) {
    found.push({
      id: "database-log",
      what: `the log beside Prefect's database has grown to ${Math.round(walBytes / 1e6)} MB: somebody reads the database without an end, so that it cannot be merged`,
      cure: "`sails-supervisor restart server` merges it, and costs no run; look who else has the database open: `sails-supervisor doctor`",
    });
  }
  return found;
}

function doneAbout({
  isSchedulerOff,
  isOurs,
  wasReplacedForIdle,
}: CanaryContext & Pick<CanaryState, "wasReplacedForIdle">): string {
  if (isSchedulerOff) return ". It is switched off by PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED";
  if (!isOurs) return "";
  return wasReplacedForIdle
    ? ". The server was replaced for it once, which did not help"
    : "; the server is replaced after 10 min of that, once";
}

/** As Prefect reads it, in both of its spellings. */
export function schedulerIsOff(env: Readonly<Record<string, string>>): boolean {
  const value =
    env["PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED"] ??
    env["PREFECT_API_SERVICES_SCHEDULER_ENABLED"] ??
    "true";
  return /^(false|0|no|off|f|n)$/i.test(value.trim());
}
