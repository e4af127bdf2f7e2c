/** Puts together what the operator is shown, from the units and from what else is known. */
import { isReady as isAllReady } from "../control/readiness.ts";
import type {
  CheckStatus,
  EnvironmentStatus,
  EventEntry,
  JobStatus,
  PoolStatus,
  Problem,
  Status,
  SupervisorStatus,
  UnitStatus,
} from "../control/status.ts";
import { describe } from "../supervision/describe.ts";
import type { Millis } from "../supervision/time.ts";
import { isReady, type UnitView } from "../supervision/unit-view.ts";

export interface StatusSources {
  readonly supervisor: SupervisorStatus;
  readonly units: readonly UnitView[];
  readonly pools: readonly PoolStatus[];
  readonly checks: readonly CheckStatus[];
  readonly jobs: readonly JobStatus[];
  readonly environment: EnvironmentStatus | null;
  readonly problems: readonly Problem[];
  readonly events: readonly EventEntry[];
  readonly now: Millis;
  readonly toWallClock: (at: Millis) => Date;
  readonly logOf: (unit: string) => string;
}

export function buildStatus(sources: StatusSources): Status {
  const { supervisor, pools, checks, jobs, environment, problems, events } = sources;
  const units = sources.units.map((unit) => unitStatus(unit, sources)).toSorted(byName);
  const ready = isAllReady({ supervisor, units });
  return {
    version: 1,
    supervisor,
    ready,
    units,
    pools,
    checks,
    jobs,
    environment,
    problems,
    events,
  };
}

function unitStatus(unit: UnitView, { now, toWallClock, logOf }: StatusSources): UnitStatus {
  const { spec, state, pid } = unit;
  const told = describe(unit, now);
  return {
    name: spec.name,
    role: spec.labels["role"] ?? "service",
    pool: spec.labels["pool"] ?? null,
    desired: state.desired,
    state: told.state,
    ready: isReady(unit),
    pid: pid ?? null,
    since: toWallClock(told.since).toISOString(),
    reasonCode: told.code,
    reason: told.reason,
    next: told.next ?? null,
    startsAt: told.startsAt === undefined ? null : toWallClock(told.startsAt).toISOString(),
    restarts: Math.max(0, state.spawns - 1),
    log: logOf(spec.name),
  };
}

const roles = ["server", "worker", "service"];

const byName = (one: UnitStatus, other: UnitStatus): number =>
  roles.indexOf(one.role) - roles.indexOf(other.role) ||
  one.name.localeCompare(other.name, "en", { numeric: true });
