/** The calls that delete what is old, and that run a deployment. */
import * as z from "zod";
import { readAllWith } from "./paging.ts";
import { type Answer, sendOnce, sendPersistently, type TransportOptions } from "./transport.ts";

export interface HousekeepingApi {
  /** The ids of up to fifty flow runs that ended before then, the oldest first. */
  endedRuns(before: Date, signal: AbortSignal): Promise<Answer<readonly string[]>>;
  deleteRun(id: string, signal: AbortSignal): Promise<Answer<unknown>>;
  poolNames(signal: AbortSignal): Promise<Answer<readonly string[]>>;
  /** Those of a pool that are offline. */
  offlineWorkers(pool: string, signal: AbortSignal): Promise<Answer<readonly OfflineWorker[]>>;
  deleteWorker(pool: string, name: string, signal: AbortSignal): Promise<Answer<unknown>>;
  /** `FLOW/NAME` → its id; undefined if there is none. */
  findDeployment(name: string, signal: AbortSignal): Promise<Answer<string | undefined>>;
  /** Of the same key there is one flow run, however often it is asked for. */
  runDeployment(id: string, key: string, signal: AbortSignal): Promise<Answer<MadeRun>>;
}

export interface OfflineWorker {
  readonly name: string;
  readonly lastSeen: Date | undefined;
}

const madeRun = z.object({ id: z.string(), name: z.string() });
export type MadeRun = z.infer<typeof madeRun>;

const worker = z.object({
  name: z.string(),
  status: z.string(),
  last_heartbeat_time: z.coerce.date().nullish(),
});

const batch = 50;
const ended = ["COMPLETED", "FAILED", "CANCELLED", "CRASHED"];

export function createHousekeepingApi(options: TransportOptions): HousekeepingApi {
  const once = sendOnce(options);
  const persistently = sendPersistently(once);
  const all = readAllWith(once);
  const ignore = (body: unknown): unknown => body;

  /** What has gone meanwhile need not be deleted. */
  const remove = async (path: string, signal: AbortSignal): Promise<Answer<unknown>> => {
    const answer = await persistently({ method: "DELETE", path }, ignore, signal);
    const isGone = answer.kind === "refused" && answer.status === 404;
    return isGone ? { kind: "ok", value: undefined } : answer;
  };
  const workers = (pool: string): string => `/work_pools/${encodeURIComponent(pool)}/workers`;

  return {
    endedRuns(before, signal) {
      const body = {
        flow_runs: {
          state: { type: { any_: ended } },
          end_time: { before_: before.toISOString() },
        },
        sort: "START_TIME_ASC",
        limit: batch,
      };
      const call = { method: "POST", path: "/flow_runs/filter", body } as const;
      const ids = (runs: unknown): readonly string[] =>
        z
          .array(z.object({ id: z.string() }))
          .parse(runs)
          .map(({ id }) => id);
      return once(call, ids, signal);
    },
    deleteRun: (id, signal) => remove(`/flow_runs/${id}`, signal),
    async poolNames(signal) {
      const answer = await all("/work_pools/filter", z.object({ name: z.string() }), signal);
      if (answer.kind !== "ok") return answer;
      return { kind: "ok", value: answer.value.map(({ name }) => name) };
    },
    async offlineWorkers(pool, signal) {
      const answer = await all(`${workers(pool)}/filter`, worker, signal);
      if (answer.kind !== "ok") return answer;
      const offline = answer.value.filter(({ status }) => status === "OFFLINE");
      return {
        kind: "ok",
        value: offline.map(({ name, last_heartbeat_time: seen }) => ({
          name,
          lastSeen: seen ?? undefined,
        })),
      };
    },
    deleteWorker: (pool, name, signal) =>
      remove(`${workers(pool)}/${encodeURIComponent(name)}`, signal),
    async findDeployment(name, signal) {
      const path = `/deployments/name/${name.split("/").map(encodeURIComponent).join("/")}`;
      const answer = await once<string | undefined>(
        { method: "GET", path },
        (body) => z.object({ id: z.string() }).parse(body).id,
        signal,
      );
      const isNone = answer.kind === "refused" && answer.status === 404;
      return isNone ? { kind: "ok", value: undefined } : answer;
    },
    runDeployment: (id, key, signal) =>
      persistently(
        {
          method: "POST",
          path: `/deployments/${id}/create_flow_run`,
          body: { idempotency_key: key },
        },
        (body) => madeRun.parse(body),
        signal,
      ),
  };
}
