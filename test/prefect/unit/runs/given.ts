/** What the tests of this folder start from: a run, and what is known of it. */
import type { FlowRun, RunState, StateType } from "../../../../src/prefect/api/flow-runs.ts";
import type {
  Alive,
  Gone,
  LivingWorker,
  Moment,
  RunFacts,
} from "../../../../src/prefect/runs/facts.ts";
import type { RunHistory } from "../../../../src/prefect/runs/history.ts";
import { ms } from "../../../../src/supervision/time.ts";

/** The wall clock when the virtual one shows 0. */
export const midnight = new Date("2026-11-25T00:00:00Z");

export const at = (seconds: number): Date => new Date(midnight.getTime() + seconds * 1000);

export const moment = (seconds: number): Moment => ({ now: ms(seconds * 1000), date: at(seconds) });

const names: Readonly<Record<StateType, string>> = {
  SCHEDULED: "Scheduled",
  PENDING: "Pending",
  RUNNING: "Running",
  PAUSED: "Paused",
  CANCELLING: "Cancelling",
  COMPLETED: "Completed",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
  CRASHED: "Crashed",
};

export const stateTypes = Object.keys(names) as readonly StateType[];

export const state = (type: StateType, changes: Partial<RunState> = {}): RunState => ({
  id: `state-${type}`,
  type,
  name: names[type],
  message: "",
  timestamp: at(0),
  ...changes,
});

export const flowRun = (
  type: StateType,
  { state: changes, ...rest }: Partial<Omit<FlowRun, "state">> & { state?: Partial<RunState> } = {},
): FlowRun => ({
  id: "run-1",
  name: "eager-lynx",
  state: state(type, changes),
  runCount: type === "SCHEDULED" || type === "PENDING" ? 0 : 1,
  pool: "runs",
  deploymentId: "deployment-1",
  workerName: "vm1-runs",
  infrastructurePid: 77,
  retriesInProcess: false,
  ...rest,
});

export const alive = (isOrphan: boolean): Alive => ({ kind: "alive", pid: 77, isOrphan });

export const gone = (changes: Partial<Gone> = {}): Gone => ({
  kind: "gone",
  pid: 77,
  startedAt: at(1),
  why: "ended",
  isWorkerAlive: false,
  ...changes,
});

export const worker = (startedAt: number, changes: Partial<LivingWorker> = {}): LivingWorker => ({
  pool: "runs",
  name: "vm1-runs",
  pid: 50,
  startedAt: at(startedAt),
  ...changes,
});

export const history = (changes: Partial<RunHistory> = {}): RunHistory => ({
  claims: 1,
  lastClaim: at(0),
  hasRun: false,
  before: undefined,
  rescheduled: { claim: 0, start: 0, crash: 0 },
  ...changes,
});

export const facts = (changes: Partial<RunFacts> = {}): RunFacts => ({
  run: flowRun("RUNNING"),
  isOurs: true,
  process: gone(),
  seenSince: ms(0),
  workers: [],
  claimedBy: "us",
  policy: { onCrash: "leave", maxReschedules: 3 },
  cancellation: undefined,
  host: { name: "vm1", bootedAt: at(-600) },
  found: {},
  ...changes,
});
