/** The calls by which it is seen how a whole installation does, each one request, whatever it holds. */
import * as z from "zod";
import type {
  DeploymentResponse,
  DeploymentSchedule,
  FlowRunFilter,
  FlowRunResponse,
  WorkQueueResponse,
} from "./openapi.ts";
import { type Answer, sendOnce, type TransportOptions } from "./transport.ts";
import { understands } from "./understands.ts";

export interface OverviewApi {
  health(signal: AbortSignal): Promise<Answer<unknown>>;
  version(signal: AbortSignal): Promise<Answer<string>>;
  /** Of all pools, at most two hundred. */
  queueStates(signal: AbortSignal): Promise<Answer<readonly QueueState[]>>;
  /** How many flow runs of the pool have not ended, and how many did within the span, both ends included. */
  runCounts(pool: string, ended: Span, signal: AbortSignal): Promise<Answer<RunCounts>>;
  /** Since when the oldest late run of the pool is due. */
  oldestLate(pool: string, signal: AbortSignal): Promise<Answer<Date | undefined>>;
  /** The first two hundred deployments. */
  schedules(signal: AbortSignal): Promise<Answer<readonly ScheduledDeployment[]>>;
  /** How many runs of the deployment are to come. */
  runsToCome(deployment: string, now: Date, signal: AbortSignal): Promise<Answer<number>>;
}

/** In Prefect's form of a time: it knows microseconds. */
export interface Span {
  readonly after: string;
  readonly before: string;
}

const queueState = understands<WorkQueueResponse>()(
  z.object({
    name: z.string(),
    work_pool_name: z.string().nullish(),
    is_paused: z.boolean(),
    last_polled: z.coerce.date().nullish(),
  }),
);
export type QueueState = z.infer<typeof queueState>;

const live = ["scheduled", "late", "pending", "running", "paused", "cancelling"] as const;
const ended = ["completed", "failed", "crashed", "cancelled"] as const;
type Live = (typeof live)[number];
export type Ended = (typeof ended)[number];

export interface RunCounts {
  readonly live: Readonly<Record<Live, number>>;
  readonly ended: Readonly<Record<Ended, number>>;
}

const liveTypes = ["SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING"] as const;

/** All that is asked for lies in one interval. */
const everything = {
  history_start: "2000-01-01T00:00:00Z",
  history_end: "2100-01-01T00:00:00Z",
  history_interval_seconds: 36_525 * 86_400,
};
const history = z.array(
  z.object({
    states: z.array(
      z.object({ state_type: z.string(), state_name: z.string(), count_runs: z.number() }),
    ),
  }),
);

const scheduled = understands<DeploymentResponse>()(
  z.object({
    id: z.string(),
    paused: z.boolean(),
    schedules: z.array(understands<DeploymentSchedule>()(z.object({ active: z.boolean() }))),
  }),
);

export interface ScheduledDeployment {
  readonly id: string;
  readonly activeSchedules: number;
}

const due = understands<FlowRunResponse>()(
  z.object({ expected_start_time: z.coerce.date().nullish() }),
);

export function createOverviewApi(options: TransportOptions): OverviewApi {
  const once = sendOnce(options);
  const read = <T>(path: string, body: unknown, schema: z.ZodType<T>, signal: AbortSignal) =>
    once({ method: "POST", path, body }, (answer) => schema.parse(answer), signal);

  return {
    health: (signal) => once({ method: "GET", path: "/health" }, (body) => body, signal),
    version: (signal) =>
      once({ method: "GET", path: "/admin/version" }, (body) => z.string().parse(body), signal),
    queueStates: (signal) =>
      read("/work_queues/filter", { limit: 200 }, z.array(queueState), signal),
    async runCounts(pool, { after, before }, signal) {
      const body = {
        ...everything,
        work_pools: { name: { any_: [pool] } },
        flow_runs: {
          operator: "or_",
          state: { type: { any_: [...liveTypes] } },
          end_time: { after_: after, before_: before },
        } satisfies FlowRunFilter,
      };
      const answer = await read("/flow_runs/history", body, history, signal);
      if (answer.kind !== "ok") return answer;
      return { kind: "ok", value: countsIn(answer.value.flatMap(({ states }) => states)) };
    },
    async oldestLate(pool, signal) {
      const body = {
        flow_runs: { state: { name: { any_: ["Late"] } } } satisfies FlowRunFilter,
        work_pools: { name: { any_: [pool] } },
        sort: "EXPECTED_START_TIME_ASC",
        limit: 1,
      };
      const answer = await read("/flow_runs/filter", body, z.array(due), signal);
      if (answer.kind !== "ok") return answer;
      return { kind: "ok", value: answer.value[0]?.expected_start_time ?? undefined };
    },
    async schedules(signal) {
      const answer = await read("/deployments/filter", { limit: 200 }, z.array(scheduled), signal);
      if (answer.kind !== "ok") return answer;
      const value = answer.value.map(({ id, paused, schedules }) => ({
        id,
        activeSchedules: paused ? 0 : schedules.filter(({ active }) => active).length,
      }));
      return { kind: "ok", value };
    },
    runsToCome: (deployment, now, signal) => {
      const body = {
        flow_runs: {
          deployment_id: { any_: [deployment] },
          state: { type: { any_: ["SCHEDULED"] } },
          next_scheduled_start_time: { after_: now.toISOString() },
        } satisfies FlowRunFilter,
      };
      return read("/flow_runs/count", body, z.number(), signal);
    },
  };
}

function countsIn(states: z.infer<typeof history>[number]["states"]): RunCounts {
  const count = (isMeant: (type: string, name: string) => boolean): number =>
    states
      .filter(({ state_type: type, state_name: name }) =>
        isMeant(type.toLowerCase(), name.toLowerCase()),
      )
      .reduce((sum, { count_runs: runs }) => sum + runs, 0);
  const ofType = (wanted: string): number => count((type) => type === wanted);
  const late = count((type, name) => type === "scheduled" && name === "late");
  return {
    live: {
      scheduled: ofType("scheduled") - late,
      late,
      pending: ofType("pending"),
      running: ofType("running"),
      paused: ofType("paused"),
      cancelling: ofType("cancelling"),
    },
    ended: {
      completed: ofType("completed"),
      failed: ofType("failed"),
      crashed: ofType("crashed"),
      cancelled: ofType("cancelled"),
    },
  };
}
