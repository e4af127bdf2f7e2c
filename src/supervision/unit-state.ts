/** What a unit is, what can happen to it, and what may be asked of the outside for it: data alone. */
import type { Cause, Exit } from "./exit.ts";
import { noRestarts, type RestartHistory, type RestartPolicy } from "./restart-policy.ts";
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
  /** How long a child may take to come to rest before it is stopped; without, it is not asked to. */
  readonly quiesceTimeout?: Millis | undefined;
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
  | {
      readonly kind: "starting";
      readonly spawnedAt: Millis;
      /** When it is given up, unless a condition is not met: what it needs is away then, and it is not to blame. */
      readonly until: Millis;
    }
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
      /** Whether it is asked to come to rest first; since then, and later since its first signal. */
      readonly isQuiescing: boolean;
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
  /** Whether an earlier daemon started the child of this phase; without a child it means nothing. */
  readonly isAdopted: boolean;
  readonly phase: Phase;
  /** Conditions that are not met, as last reported; only the start of a unit heeds them. */
  readonly unmet: readonly Blocker[];
  readonly history: RestartHistory;
  readonly lastDeath: LastDeath | undefined;
}

/** A unit has one timer at a time. It is named, for one that fires as it is replaced must not pass for its successor. */
export type Timer = "start" | "quiesce" | "stop" | "restart" | "recheck" | "proven" | "forget";

export type UnitEvent =
  /** `deferred`: it is wanted from now on, and will be asked for again when it is its turn. */
  | { readonly kind: "start-requested"; readonly deferred?: true }
  | { readonly kind: "stop-requested"; readonly by: "operator" | "shutdown" }
  | { readonly kind: "restart-requested"; readonly by: RestartCause }
  /** A child that an earlier daemon started lives: it is this unit's. `spawns` counts it. */
  | { readonly kind: "adopted"; readonly spawnedAt: Millis; readonly spawns: number }
  | { readonly kind: "conditions-changed"; readonly unmet: readonly Blocker[] }
  | {
      readonly kind: "preflight-done";
      readonly generation: number;
      readonly blockers: readonly Blocker[];
    }
  | { readonly kind: "became-ready"; readonly generation: number }
  | { readonly kind: "became-unready"; readonly generation: number; readonly why: string }
  | { readonly kind: "liveness-lost"; readonly generation: number; readonly why: string }
  | { readonly kind: "quiesced"; readonly generation: number }
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
  /** Look after the child that is there, as if it had been spawned. */
  | { readonly kind: "adopt"; readonly generation: number }
  /** What is asked is called off when the unit is no longer quiescing. */
  | {
      readonly kind: "quiesce";
      readonly generation: number;
      readonly cause: StopCause["kind"];
    }
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

export const initial: UnitState = {
  desired: "down",
  generation: 0,
  spawns: 0,
  isAdopted: false,
  phase: { kind: "down", since: ms(0), why: "never-started" },
  unmet: [],
  history: noRestarts,
  lastDeath: undefined,
};
