/** The calls of Prefect's REST API by which queues, limits, deployments and schedules are kept. */
import * as z from "zod";
import type {
  ConcurrencyLimitV2Create,
  DeploymentResponse,
  DeploymentSchedule,
  DeploymentScheduleCreate,
  DeploymentScheduleUpdate,
  Flow,
  FlowRunFilter,
  FlowRunResponse,
  GlobalConcurrencyLimitResponse,
  WorkQueueCreate,
  WorkQueueResponse,
  WorkQueueUpdate,
} from "./openapi.ts";
import { readAllWith } from "./paging.ts";
import {
  type Answer,
  type Call,
  sendOnce,
  sendPersistently,
  type TransportOptions,
} from "./transport.ts";
import { understands } from "./understands.ts";

export interface DeclaredApi {
  /** Of all pools. */
  queues(signal: AbortSignal): Promise<Answer<readonly WorkQueue[]>>;
  createQueue(pool: string, queue: NewQueue, signal: AbortSignal): Promise<Answer<unknown>>;
  updateQueue(
    pool: string,
    name: string,
    change: QueueChange,
    signal: AbortSignal,
  ): Promise<Answer<unknown>>;
  /** Prefect's global limits, those of tags among them. */
  limits(signal: AbortSignal): Promise<Answer<readonly GlobalLimit[]>>;
  createLimit(limit: NewLimit, signal: AbortSignal): Promise<Answer<unknown>>;
  updateLimit(name: string, limit: number, signal: AbortSignal): Promise<Answer<unknown>>;
  deployments(signal: AbortSignal): Promise<Answer<readonly Deployment[]>>;
  /** As they are now; what is not there any more is left out. */
  deploymentState(id: string, signal: AbortSignal): Promise<Answer<DeploymentState>>;
  setPaused(id: string, isPaused: boolean, signal: AbortSignal): Promise<Answer<unknown>>;
  deleteDeployment(id: string, signal: AbortSignal): Promise<Answer<unknown>>;
  /**
   * Not repeated where it has no slug: Prefect would make a second one of the same kind, if it
   * made the first and could not say so.
   */
  createSchedule(id: string, made: NewSchedule, signal: AbortSignal): Promise<Answer<unknown>>;
  updateSchedule(
    id: string,
    schedule: string,
    change: ScheduleChange,
    signal: AbortSignal,
  ): Promise<Answer<unknown>>;
  deleteSchedule(id: string, schedule: string, signal: AbortSignal): Promise<Answer<unknown>>;
  /** Runs that should have begun by now, at most two hundred of them, the oldest first. */
  lateRuns(signal: AbortSignal): Promise<Answer<readonly LateRun[]>>;
}

const queue = understands<WorkQueueResponse>()(
  z.object({
    name: z.string(),
    concurrency_limit: z.number().nullish(),
    priority: z.number(),
    work_pool_name: z.string().nullish(),
  }),
);
export type WorkQueue = z.infer<typeof queue>;
export type NewQueue = Pick<WorkQueueCreate, "name" | "concurrency_limit" | "priority">;
export type QueueChange = Pick<WorkQueueUpdate, "concurrency_limit" | "priority">;

const globalLimit = understands<GlobalConcurrencyLimitResponse>()(
  z.object({ name: z.string(), limit: z.number() }),
);
export type GlobalLimit = z.infer<typeof globalLimit>;
export type NewLimit = Pick<ConcurrencyLimitV2Create, "name" | "limit">;

/** Of a rule only what is ours to compare is looked at; the rest must come back as it was. */
const schedule = understands<DeploymentSchedule>()(
  z.object({
    id: z.string(),
    slug: z.string().nullish(),
    active: z.boolean(),
    schedule: z.record(z.string(), z.unknown()),
    parameters: z.record(z.string(), z.unknown()).default({}),
    max_scheduled_runs: z.number().nullish(),
  }),
);
export type Schedule = z.infer<typeof schedule>;
export type Rule = Schedule["schedule"];

type Sent<T extends { schedule?: unknown }> = Omit<T, "schedule"> & { readonly schedule: Rule };
export type NewSchedule = Sent<
  Pick<
    DeploymentScheduleCreate,
    "active" | "schedule" | "slug" | "parameters" | "max_scheduled_runs"
  >
>;
export type ScheduleChange = Partial<Sent<Pick<DeploymentScheduleUpdate, "active" | "schedule">>>;

const state = understands<DeploymentResponse>()(
  z.object({
    id: z.string(),
    updated: z.string().nullable(),
    paused: z.boolean(),
    schedules: z.array(schedule),
  }),
);
export type DeploymentState = Readonly<Omit<z.infer<typeof state>, "schedules">> & {
  readonly schedules: readonly Schedule[];
};

const deployment = understands<DeploymentResponse>()(
  z.object({
    ...state.shape,
    name: z.string(),
    flow_id: z.string(),
    entrypoint: z.string().nullish(),
    work_pool_name: z.string().nullish(),
    work_queue_name: z.string().nullish(),
    description: z.string().nullish(),
    version: z.string().nullish(),
    tags: z.array(z.string()).default([]),
    parameters: z.record(z.string(), z.unknown()).default({}),
    job_variables: z.record(z.string(), z.unknown()).nullish(),
    path: z.string().nullish(),
  }),
);
const flow = understands<Flow>()(z.object({ id: z.string(), name: z.string() }));

export interface Deployment extends DeploymentState {
  readonly name: string;
  readonly flowName: string;
  readonly entrypoint: string | undefined;
  readonly poolName: string | undefined;
  /** By which its runs start, if it has one of its own. */
  readonly command: string | undefined;
  /** What `prefect deploy` sets beside the above, by Prefect's name for it. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const lateRun = understands<FlowRunResponse>()(
  z.object({
    name: z.string(),
    work_pool_name: z.string().nullish(),
    expected_start_time: z.string().nullish(),
  }),
);
export type LateRun = z.infer<typeof lateRun>;

export function createDeclaredApi(options: TransportOptions): DeclaredApi {
  const once = sendOnce(options);
  const persistently = sendPersistently(once);
  const all = readAllWith(once);
  const ignore = (body: unknown): unknown => body;
  const write = (call: Call, signal: AbortSignal) => persistently(call, ignore, signal);
  const queuesOf = (pool: string): string => `/work_pools/${encodeURIComponent(pool)}/queues`;
  const limits = "/v2/concurrency_limits";
  const schedules = (id: string): string => `/deployments/${id}/schedules`;

  return {
    queues: (signal) => all("/work_queues/filter", queue, signal),
    createQueue: async (pool, body, signal) =>
      madeOnce(await write({ method: "POST", path: queuesOf(pool), body }, signal)),
    updateQueue: (pool, name, body, signal) =>
      write(
        { method: "PATCH", path: `${queuesOf(pool)}/${encodeURIComponent(name)}`, body },
        signal,
      ),
    limits: (signal) => all(`${limits}/filter`, globalLimit, signal),
    createLimit: async (body, signal) =>
      madeOnce(await write({ method: "POST", path: `${limits}/`, body }, signal)),
    updateLimit: (name, limit, signal) =>
      write(
        { method: "PATCH", path: `${limits}/${encodeURIComponent(name)}`, body: { limit } },
        signal,
      ),
    async deployments(signal) {
      const [deployments, flows] = await Promise.all([
        all("/deployments/filter", deployment, signal),
        all("/flows/filter", flow, signal),
      ]);
      if (deployments.kind !== "ok") return deployments;
      if (flows.kind !== "ok") return flows;
      const flowNames = new Map(flows.value.map(({ id, name }) => [id, name]));
      const value = deployments.value.map((each) => toDeployment(each, flowNames));
      return { kind: "ok", value };
    },
    deploymentState: (id, signal) =>
      once({ method: "GET", path: `/deployments/${id}` }, (body) => state.parse(body), signal),
    setPaused: (id, isPaused, signal) => {
      const order = isPaused ? "pause_deployment" : "resume_deployment";
      return write({ method: "POST", path: `/deployments/${id}/${order}` }, signal);
    },
    deleteDeployment: async (id, signal) =>
      goneAnyway(await write({ method: "DELETE", path: `/deployments/${id}` }, signal)),
    createSchedule: async (id, made, signal) => {
      const call = { method: "POST", path: schedules(id), body: [made] } as const;
      const hasSlug = made.slug !== undefined && made.slug !== null;
      return hasSlug ? madeOnce(await write(call, signal)) : once(call, ignore, signal);
    },
    updateSchedule: (id, which, body, signal) =>
      write({ method: "PATCH", path: `${schedules(id)}/${which}`, body }, signal),
    deleteSchedule: async (id, which, signal) =>
      goneAnyway(await write({ method: "DELETE", path: `${schedules(id)}/${which}` }, signal)),
    lateRuns: (signal) =>
      once(
        {
          method: "POST",
          path: "/flow_runs/filter",
          body: {
            flow_runs: { state: { name: { any_: ["Late"] } } } satisfies FlowRunFilter,
            sort: "EXPECTED_START_TIME_ASC",
            limit: 200,
          },
        },
        (body) => z.array(lateRun).parse(body),
        signal,
      ),
  };
}

/** It is there, whoever made it: an earlier attempt of ours whose answer was lost, for one. */
const madeOnce = (answer: Answer<unknown>): Answer<unknown> =>
  answer.kind === "refused" && answer.status === 409 ? { kind: "ok", value: undefined } : answer;

const goneAnyway = (answer: Answer<unknown>): Answer<unknown> =>
  answer.kind === "refused" && answer.status === 404 ? { kind: "ok", value: undefined } : answer;

function toDeployment(
  found: z.infer<typeof deployment>,
  flowNames: ReadonlyMap<string, string>,
): Deployment {
  const { id, updated, paused, schedules, name, parameters, tags, path } = found;
  const command = found.job_variables?.["command"];
  return {
    id,
    updated,
    paused,
    schedules,
    name,
    flowName: flowNames.get(found.flow_id) ?? "",
    entrypoint: found.entrypoint ?? undefined,
    poolName: found.work_pool_name ?? undefined,
    command: typeof command === "string" ? command : undefined,
    settings: {
      entrypoint: found.entrypoint,
      work_pool: found.work_pool_name,
      work_queue: found.work_queue_name,
      description: found.description,
      version: found.version,
      tags: tags.toSorted(),
      parameters,
      job_variables: found.job_variables,
      path,
    },
  };
}
