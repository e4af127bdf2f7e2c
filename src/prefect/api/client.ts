/** The calls of Prefect's REST API that are used. Refusals and outages are values. */
import * as z from "zod";
import type {
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
}

const workPool = understands<WorkPoolResponse>()(
  z.object({
    name: z.string(),
    type: z.string(),
    is_paused: z.boolean(),
    concurrency_limit: z.number().nullable(),
    description: z.string().nullish(),
    base_job_template: z.record(z.string(), z.unknown()).default({}),
    /** When it was changed last. */
    updated: z.string().nullish(),
    status: z.string().nullish(),
    /** Since Prefect 3.8; null without a limit. */
    active_slots: z.number().nullish(),
  }),
);
export type WorkPool = z.infer<typeof workPool>;

export type NewWorkPool = Pick<
  WorkPoolCreate & { readonly type: string },
  "name" | "type" | "concurrency_limit" | "description" | "base_job_template"
>;

export type PoolChange = Pick<
  WorkPoolUpdate,
  "is_paused" | "concurrency_limit" | "description" | "base_job_template"
>;

const worker = understands<WorkerResponse>()(
  z.object({
    name: z.string(),
    status: z.string(),
    last_heartbeat_time: z.coerce.date().nullable(),
  }),
);
export type Worker = z.infer<typeof worker>;

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
  };
}
