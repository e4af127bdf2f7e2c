/** The calls of Prefect's REST API that are used. Refusals and outages are values. */
import * as z from "zod";
import type {
  DeploymentResponse,
  Flow,
  WorkerResponse,
  WorkPoolCreate,
  WorkPoolResponse,
  WorkPoolUpdate,
} from "./openapi.ts";
import { readAllWith } from "./paging.ts";
import { type Answer, sendOnce, sendPersistently, type TransportOptions } from "./transport.ts";
import { understands } from "./understands.ts";

export interface PrefectApi {
  pools(signal: AbortSignal): Promise<Answer<readonly WorkPool[]>>;
  createPool(pool: NewWorkPool, signal: AbortSignal): Promise<Answer<unknown>>;
  updatePool(name: string, change: PoolChange, signal: AbortSignal): Promise<Answer<unknown>>;
  workers(pool: string, signal: AbortSignal): Promise<Answer<readonly Worker[]>>;
  deployments(signal: AbortSignal): Promise<Answer<readonly Deployment[]>>;
  createSchedules(
    deploymentId: string,
    schedules: readonly NewSchedule[],
    signal: AbortSignal,
  ): Promise<Answer<unknown>>;
  /** Whether it is active stays as it is. */
  updateSchedule(
    deploymentId: string,
    scheduleId: string,
    schedule: NewSchedule["schedule"],
    signal: AbortSignal,
  ): Promise<Answer<unknown>>;
  deleteSchedule(
    deploymentId: string,
    scheduleId: string,
    signal: AbortSignal,
  ): Promise<Answer<unknown>>;
}

const workPool = understands<WorkPoolResponse>()(
  z.object({
    name: z.string(),
    type: z.string(),
    is_paused: z.boolean(),
    concurrency_limit: z.number().nullable(),
    base_job_template: z.record(z.string(), z.unknown()).default({}),
    /** When it was changed last. */
    updated: z.string().nullish(),
  }),
);
export type WorkPool = z.infer<typeof workPool>;

export type NewWorkPool = Pick<
  WorkPoolCreate & { readonly type: string },
  "name" | "type" | "concurrency_limit" | "base_job_template"
>;

export type PoolChange = Pick<
  WorkPoolUpdate,
  "is_paused" | "concurrency_limit" | "base_job_template"
>;

const worker = understands<WorkerResponse>()(
  z.object({
    name: z.string(),
    status: z.string(),
    last_heartbeat_time: z.coerce.date().nullable(),
  }),
);
export type Worker = z.infer<typeof worker>;

const deployment = understands<DeploymentResponse>()(
  z.object({
    id: z.string(),
    name: z.string(),
    entrypoint: z.string().nullish(),
    work_pool_name: z.string().nullish(),
    flow_id: z.string(),
    schedules: z.array(
      z.object({
        id: z.string(),
        slug: z.string().nullish(),
        active: z.boolean(),
        schedule: z.object({
          cron: z.string().optional(),
          interval: z.number().optional(),
          rrule: z.string().optional(),
          timezone: z.string().nullish(),
        }),
      }),
    ),
    job_variables: z.looseObject({ command: z.string().nullish().catch(undefined) }).nullish(),
  }),
);
const flow = understands<Flow>()(z.object({ id: z.string(), name: z.string() }));

export interface Deployment {
  readonly id: string;
  readonly name: string;
  readonly flowName: string;
  readonly entrypoint: string | undefined;
  readonly poolName: string | undefined;
  /** By which its runs start, if it has one of its own. */
  readonly command: string | undefined;
  readonly schedules: readonly MadeSchedule[];
}

export type MadeSchedule = z.infer<typeof deployment>["schedules"][number];

export interface NewSchedule {
  readonly active: boolean;
  readonly slug: string;
  readonly schedule: Readonly<Record<string, string | number>>;
}

export function createPrefectApi(options: TransportOptions): PrefectApi {
  const once = sendOnce(options);
  const persistently = sendPersistently(once);
  const all = readAllWith(once);

  const pool = (name: string): string => `/work_pools/${encodeURIComponent(name)}`;
  const ignore = (body: unknown): unknown => body;

  return {
    pools: (signal) => all("/work_pools/filter", workPool, signal),
    async createPool(made, signal) {
      const answer = await persistently(
        { method: "POST", path: "/work_pools/", body: made },
        ignore,
        signal,
      );
      // Somebody was quicker: it is there, which is all that was asked.
      if (answer.kind === "refused" && answer.status === 409) return { kind: "ok", value: made };
      return answer;
    },
    updatePool: (name, change, signal) =>
      persistently({ method: "PATCH", path: pool(name), body: change }, ignore, signal),
    workers: (name, signal) => all(`${pool(name)}/workers/filter`, worker, signal),
    async deployments(signal) {
      const [deployments, flows] = await Promise.all([
        all("/deployments/filter", deployment, signal),
        all("/flows/filter", flow, signal),
      ]);
      if (deployments.kind !== "ok") return deployments;
      if (flows.kind !== "ok") return flows;
      const flowNames = new Map(flows.value.map(({ id, name }) => [id, name]));
      return {
        kind: "ok",
        value: deployments.value.map(({ id, name, flow_id, schedules, ...rest }) => ({
          id,
          name,
          flowName: flowNames.get(flow_id) ?? "",
          entrypoint: rest.entrypoint ?? undefined,
          poolName: rest.work_pool_name ?? undefined,
          command: rest.job_variables?.command ?? undefined,
          schedules,
        })),
      };
    },
    createSchedules: (id, schedules, signal) =>
      persistently(
        { method: "POST", path: `/deployments/${id}/schedules`, body: schedules },
        ignore,
        signal,
      ),
    updateSchedule: (id, schedule, rule, signal) =>
      persistently(
        {
          method: "PATCH",
          path: `/deployments/${id}/schedules/${schedule}`,
          body: { schedule: rule },
        },
        ignore,
        signal,
      ),
    async deleteSchedule(id, schedule, signal) {
      const call = { method: "DELETE", path: `/deployments/${id}/schedules/${schedule}` } as const;
      const answer = await persistently(call, ignore, signal);
      // Somebody was quicker: it is gone, which is all that was asked.
      return answer.kind === "refused" && answer.status === 404
        ? { kind: "ok", value: undefined }
        : answer;
    },
  };
}
