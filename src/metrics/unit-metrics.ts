/** Counts what happens to units. Hears of it as an observer, and cannot steer. */
import { constants } from "node:os";
import type { Exit } from "../supervision/exit.ts";
import type { ProbeKind, Verdict } from "../supervision/probe.ts";
import type { Millis } from "../supervision/time.ts";
import type { Phase, StopCause, UnitEvent, UnitState } from "../supervision/unit-state.ts";
import type { Observer, UnitView } from "../supervision/unit-view.ts";
import type { Labels } from "./catalogue.ts";
import { probeFailure } from "./probe-failure.ts";
import type { MetricRegistry } from "./registry.ts";
import type { KnownUnit, UnitSeries } from "./unit-series.ts";

type RestartReason = Labels<"sails_unit_restarts_total">["reason"];
type ExitReason = Labels<"sails_unit_exits_total">["reason"];
export type AdoptionFailure = Labels<"sails_unit_adoption_failures_total">["reason"];

export interface UnitMetricsDeps {
  readonly registry: MetricRegistry;
  readonly series: UnitSeries;
  readonly toWallSeconds: (at: Millis) => number;
  /** Whether the kernel has just killed somebody of ours, or on this machine, for memory. */
  readonly outOfMemory: () => boolean;
}

export class UnitMetrics implements Observer {
  readonly #deps: UnitMetricsDeps;
  /** Why a unit's last process is gone, until it has a next one. */
  readonly #gone = new WeakMap<KnownUnit, RestartReason>();

  constructor(deps: UnitMetricsDeps) {
    this.#deps = deps;
  }

  transition(view: UnitView, from: UnitState, event: UnitEvent): void {
    const { registry, series } = this.#deps;
    const unit = series.get(view.spec.name);
    const to = view.state;
    if (unit === undefined || to === from) return;
    const { labels, facts } = unit;

    // The end comes first: one transition may end a process and start the next.
    if (event.kind === "ended") this.#ended(unit, event.exit, from, to.phase);
    if (to.phase.kind === "down") this.#gone.delete(unit);
    if (event.kind === "adopted") registry.inc("sails_unit_adoptions_total", labels);
    else if (to.spawns > from.spawns) this.#spawned(unit);
    if (from.history.breaker === "closed" && to.history.breaker === "open") {
      registry.inc("sails_unit_breaker_openings_total", labels);
    }
    if (from.phase.kind === "starting" && to.phase.kind === "running" && !to.isAdopted) {
      const took = seconds(from.phase.spawnedAt, to.phase.readySince);
      registry.observe("sails_unit_startup_duration_seconds", { role: facts.role }, took);
    }
    if (from.phase.kind === "starting" && isStopping(to.phase, "start-timeout")) {
      registry.inc("sails_unit_start_failures_total", { ...labels, reason: "timeout" });
    }
    const { length } = view.spec.rules.stopLadder;
    if (isKilled(to.phase, length) && !isKilled(from.phase, length)) {
      registry.inc("sails_unit_kills_total", labels);
    }
  }

  probed({ spec }: UnitView, kind: ProbeKind, verdict: Verdict): void {
    const labels = this.#deps.series.get(spec.name)?.labels;
    if (labels === undefined || kind !== "liveness" || verdict.kind === "unknown") return;
    const { registry } = this.#deps;
    registry.inc("sails_unit_health_checks_total", labels);
    if (verdict.kind === "pass") return;
    const reason = probeFailure(verdict.why);
    registry.inc("sails_unit_health_check_failures_total", { ...labels, reason });
  }

  /** @param took in seconds, from the end of the intake of one worker to the readiness of the next */
  hotRestarted(name: string, took: number): void {
    const { registry, series } = this.#deps;
    const unit = series.get(name);
    if (unit === undefined) return;
    const { labels, facts } = unit;
    registry.inc("sails_unit_hot_restarts_total", labels);
    registry.observe("sails_unit_hot_restart_duration_seconds", { role: facts.role }, took);
  }

  #spawned(unit: KnownUnit): void {
    const { registry } = this.#deps;
    registry.inc("sails_unit_starts_total", unit.labels);
    const reason = this.#gone.get(unit);
    if (reason === undefined) return;
    registry.inc("sails_unit_restarts_total", { ...unit.labels, reason });
    this.#gone.delete(unit);
  }

  /** Of a process of the unit that an earlier daemon recorded. */
  notAdopted(name: string, reason: AdoptionFailure): void {
    const labels = this.#deps.series.get(name)?.labels;
    if (labels === undefined) return;
    this.#deps.registry.inc("sails_unit_adoption_failures_total", { ...labels, reason });
  }

  #ended(unit: KnownUnit, exit: Exit, { phase: from, isAdopted }: UnitState, to: Phase): void {
    const { registry, toWallSeconds } = this.#deps;
    const { labels, facts } = unit;
    const isOom = isKilledByOthers(exit, from) && this.#deps.outOfMemory();
    this.#gone.set(unit, isOom ? "oom" : restartReason(exit, from));
    if (isOom) registry.inc("sails_unit_oom_kills_total", labels);
    // One that is adopted may have been ready long before.
    if (from.kind === "starting" && !isAdopted) {
      const reason = exit.kind === "spawn-failed" ? "spawn" : "exited";
      registry.inc("sails_unit_start_failures_total", { ...labels, reason });
    }
    if (exit.kind === "spawn-failed") return;

    const at = enteredAt(to);
    registry.inc("sails_unit_exits_total", { ...labels, reason: isOom ? "oom" : exitReason(exit) });
    registry.set("sails_unit_last_exit_code", labels, statusOf(exit));
    registry.set("sails_unit_last_exit_timestamp_seconds", labels, toWallSeconds(at));
    if (from.kind === "stopping" && !from.isQuiescing) {
      const took = seconds(from.since, at);
      registry.observe("sails_unit_stop_duration_seconds", { role: facts.role }, took);
    }
  }
}

function restartReason(exit: Exit, from: Phase): RestartReason {
  if (from.kind === "stopping") return stopReasons[from.cause.kind];
  return exit.kind === "signaled" ? "signaled" : "exited";
}

const isKilledByOthers = (exit: Exit, from: Phase): boolean =>
  exit.kind === "signaled" && exit.signal === "SIGKILL" && from.kind !== "stopping";

/** A stop of the operator's is followed by a start only if the operator has changed their mind. */
const stopReasons = {
  operator: "manual",
  shutdown: "manual",
  restart: "manual",
  config: "config",
  environment: "environment",
  unhealthy: "unhealthy",
  "start-timeout": "start_timeout",
} as const satisfies Record<StopCause["kind"], RestartReason>;

type Ended = Exclude<Exit, { readonly kind: "spawn-failed" }>;

function exitReason(exit: Ended): ExitReason {
  switch (exit.kind) {
    case "exited":
      return exit.code === 0 ? "clean" : "code";
    case "signaled":
      return "signal";
    case "unknown":
      return "unknown";
    default:
      return exit satisfies never;
  }
}

/** As a shell tells it. */
function statusOf(exit: Ended): number | undefined {
  switch (exit.kind) {
    case "exited":
      return exit.code;
    case "signaled":
      return 128 + constants.signals[exit.signal];
    case "unknown":
      return undefined;
    default:
      return exit satisfies never;
  }
}

const isStopping = (phase: Phase, cause: StopCause["kind"]): boolean =>
  phase.kind === "stopping" && phase.cause.kind === cause;

const isKilled = (phase: Phase, ladder: number): boolean =>
  phase.kind === "stopping" && phase.rung >= ladder;

const seconds = (from: Millis, to: Millis): number => Math.max(0, to - from) / 1000;

function enteredAt(phase: Phase): Millis {
  switch (phase.kind) {
    case "starting":
      return phase.spawnedAt;
    case "running":
      return phase.readySince;
    case "down":
    case "waiting":
    case "stopping":
    case "backing-off":
    case "broken":
      return phase.since;
    default:
      return phase satisfies never;
  }
}
