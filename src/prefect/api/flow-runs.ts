/**
 * The calls about flow runs and their states. No state is ever forced: what Prefect's orchestration
 * says of a change is part of the answer.
 */
import * as z from "zod";
import type { FlowRunFilter, FlowRunResponse, Log, OrchestrationResult, State } from "./openapi.ts";
import { readAllWith } from "./paging.ts";
import { type Answer, sendOnce, sendPersistently, type TransportOptions } from "./transport.ts";
import { understands } from "./understands.ts";

export interface FlowRunApi {
  /** Pending, Running and Cancelling: those that may hold a slot, and those that may lie. */
  liveRuns(pools: readonly string[], signal: AbortSignal): Promise<Answer<readonly FlowRun[]>>;
  /**
   * Crashed now, and begun or due since then: the latest two hundred. When a run crashed that never
   * began, Prefect 3.6 writes nowhere but into its state, by which it cannot be searched.
   */
  recentCrashes(
    pools: readonly string[],
    since: Date,
    signal: AbortSignal,
  ): Promise<Answer<readonly FlowRun[]>>;
  /** `undefined` if somebody has deleted it. */
  run(id: string, signal: AbortSignal): Promise<Answer<FlowRun | undefined>>;
  /** All states that it has had, oldest first. */
  stateHistory(id: string, signal: AbortSignal): Promise<Answer<readonly RunState[]>>;
  /** What its own process logged as an error, oldest first, with tracebacks. */
  errorsLogged(id: string, signal: AbortSignal): Promise<Answer<readonly string[]>>;
  setState(id: string, state: NewState, signal: AbortSignal): Promise<Answer<Orchestrated>>;
}

const stateTypes = [
  ...(["SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING"] as const),
  ...(["COMPLETED", "FAILED", "CANCELLED", "CRASHED"] as const),
] as const;
export type StateType = (typeof stateTypes)[number];

export interface RunState {
  readonly id: string;
  readonly type: StateType;
  readonly name: string;
  readonly message: string;
  readonly timestamp: Date;
}

export interface FlowRun {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  /** How often it has been Running. */
  readonly runCount: number;
  readonly pool: string | undefined;
  readonly deploymentId: string | undefined;
  /** The worker that claimed it last; set a moment after the claim, so until then the one before. */
  readonly workerName: string | undefined;
  /** Set a moment after the start of its process. */
  readonly infrastructurePid: number | undefined;
  /** Its own process has failed once and tries again itself: no worker will ever start it. */
  readonly retriesInProcess: boolean;
}

export interface NewState {
  readonly type: StateType;
  readonly name: string;
  readonly message: string;
  /** For the type SCHEDULED: not before. */
  readonly scheduledTime?: Date;
}

export type Orchestrated =
  | { readonly kind: "accepted" }
  /** In Prefect's own words, and with the state that the run has instead. */
  | { readonly kind: "not-accepted"; readonly why: string; readonly state: RunState | undefined };

const runState = understands<State>()(
  z
    .object({
      id: z.string(),
      type: z.enum(stateTypes),
      name: z.string().nullish(),
      message: z.string().nullish(),
      timestamp: z.coerce.date(),
    })
    .transform(
      ({ id, type, name, message, timestamp }): RunState => ({
        id,
        type,
        name: name ?? type,
        message: message ?? "",
        timestamp,
      }),
    ),
);

/** Of some two kilobytes, what is of use here. */
const flowRun = understands<FlowRunResponse>()(
  z
    .object({
      id: z.string(),
      name: z.string(),
      state: runState.nullish(),
      run_count: z.number().nullish(),
      work_pool_name: z.string().nullish(),
      deployment_id: z.string().nullish(),
      infrastructure_pid: z.string().nullish(),
      labels: z.record(z.string(), z.unknown()).nullish(),
      empirical_policy: z.object({ retry_type: z.string().nullish() }).nullish(),
    })
    .transform((run): FlowRun | undefined => {
      // One that was made without a state is nobody's business yet.
      if (run.state === undefined || run.state === null) return undefined;
      const workerName = run.labels?.["prefect.worker.name"];
      const pid = Number(run.infrastructure_pid ?? Number.NaN);
      return {
        id: run.id,
        name: run.name,
        state: run.state,
        runCount: run.run_count ?? 0,
        pool: run.work_pool_name ?? undefined,
        deploymentId: run.deployment_id ?? undefined,
        workerName: typeof workerName === "string" ? workerName : undefined,
        infrastructurePid: Number.isInteger(pid) ? pid : undefined,
        retriesInProcess: run.empirical_policy?.retry_type === "in_process",
      };
    }),
);

/** One that is not understood must not hide the others. */
const flowRunsIn = (runs: readonly unknown[]): readonly FlowRun[] =>
  runs.map((run) => flowRun.safeParse(run).data).filter((run) => run !== undefined);

const orchestrated = understands<OrchestrationResult>()(
  z
    .object({
      status: z.string(),
      state: runState.nullish(),
      details: z.looseObject({ reason: z.string().nullish() }).nullish(),
    })
    .transform(({ status, state, details }): Orchestrated => {
      if (status === "ACCEPT") return { kind: "accepted" };
      const why = `${status}: ${details?.reason ?? "no reason given"}`;
      return { kind: "not-accepted", why, state: state ?? undefined };
    }),
);

const logLine = understands<Log>()(z.object({ name: z.string(), message: z.string() }));

export const liveTypes: readonly StateType[] = ["PENDING", "RUNNING", "CANCELLING"];
const errorLevel = 40;

export function createFlowRunApi(options: TransportOptions): FlowRunApi {
  const once = sendOnce(options);
  const persistently = sendPersistently(once);
  const all = readAllWith(once);

  return {
    async liveRuns(pools, signal) {
      if (pools.length === 0) return { kind: "ok", value: [] };
      const answer = await all("/flow_runs/filter", z.unknown(), signal, {
        flow_runs: { state: { type: { any_: [...liveTypes] } } } satisfies FlowRunFilter,
        work_pools: { name: { any_: pools } },
        // Of an order by time, entries would move from page to page while they are read.
        sort: "ID_DESC",
      });
      return answer.kind === "ok" ? { kind: "ok", value: flowRunsIn(answer.value) } : answer;
    },
    async recentCrashes(pools, since, signal) {
      if (pools.length === 0) return { kind: "ok", value: [] };
      const body = {
        flow_runs: {
          state: { type: { any_: ["CRASHED"] } },
          start_time: { after_: since.toISOString() },
        } satisfies FlowRunFilter,
        work_pools: { name: { any_: pools } },
        sort: "EXPECTED_START_TIME_DESC",
        limit: 200,
      };
      const call = { method: "POST", path: "/flow_runs/filter", body } as const;
      return await once(call, (runs) => flowRunsIn(z.array(z.unknown()).parse(runs)), signal);
    },
    async run(id, signal) {
      const call = { method: "GET", path: `/flow_runs/${id}` } as const;
      const answer = await once<FlowRun | undefined>(call, (body) => flowRun.parse(body), signal);
      if (answer.kind === "refused" && answer.status === 404) {
        return { kind: "ok", value: undefined };
      }
      return answer;
    },
    async stateHistory(id, signal) {
      const call = { method: "GET", path: `/flow_run_states/?flow_run_id=${id}` } as const;
      const answer = await once(call, (body) => z.array(runState).parse(body), signal);
      if (answer.kind !== "ok") return answer;
      const states = answer.value.toSorted(
        (one, other) => one.timestamp.getTime() - other.timestamp.getTime(),
      );
      return { kind: "ok", value: states };
    },
    async errorsLogged(id, signal) {
      const body = {
        logs: { flow_run_id: { any_: [id] }, level: { ge_: errorLevel } },
        sort: "TIMESTAMP_ASC",
        limit: 50,
      };
      const call = { method: "POST", path: "/logs/filter", body } as const;
      const answer = await once(call, (lines) => z.array(logLine).parse(lines), signal);
      if (answer.kind !== "ok") return answer;
      // The worker logs about a run too, as `prefect.flow_runs.worker`.
      const own = answer.value.filter(({ name }) => name === "prefect.flow_runs");
      return { kind: "ok", value: own.map(({ message }) => message) };
    },
    setState(id, { type, name, message, scheduledTime }, signal) {
      const details =
        scheduledTime === undefined ? {} : { state_details: { scheduled_time: scheduledTime } };
      const body = { state: { type, name, message, ...details }, force: false };
      const call = { method: "POST", path: `/flow_runs/${id}/set_state`, body } as const;
      return persistently(call, (answer) => orchestrated.parse(answer), signal);
    },
  };
}
