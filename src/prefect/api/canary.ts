/** The calls by which it is seen whether Prefect's server does what it answers for. They change nothing. */
import * as z from "zod";
import type { FlowRunFilter } from "./openapi.ts";
import { type Answer, sendOnce, type TransportOptions } from "./transport.ts";

export interface CanaryApi {
  /**
   * A write that changes nothing: it makes a flow that is there already, which takes the lock of the
   * database. Undefined if there is no flow yet.
   */
  write(signal: AbortSignal): Promise<Answer<"written" | undefined>>;
  /** Deployments of the next two hundred runs to come. */
  deploymentsAhead(now: Date, signal: AbortSignal): Promise<Answer<ReadonlySet<string>>>;
  /** Of one deployment. */
  runsAhead(deployment: string, now: Date, signal: AbortSignal): Promise<Answer<number>>;
}

const named = z.array(z.object({ name: z.string() }));
const ofDeployment = z.array(z.object({ deployment_id: z.string().nullish() }));

export function createCanaryApi(options: TransportOptions): CanaryApi {
  const once = sendOnce(options);
  const ahead = (now: Date): FlowRunFilter => ({
    state: { type: { any_: ["SCHEDULED"] } },
    next_scheduled_start_time: { after_: now.toISOString() },
  });
  return {
    async write(signal) {
      const first = await once(
        { method: "POST", path: "/flows/filter", body: { limit: 1 } },
        (body) => named.parse(body)[0]?.name,
        signal,
      );
      if (first.kind !== "ok" || first.value === undefined) return { ...first, value: undefined };
      const call = { method: "POST", path: "/flows/", body: { name: first.value } } as const;
      return once(call, () => "written" as const, signal);
    },
    deploymentsAhead(now, signal) {
      const body = { flow_runs: ahead(now), sort: "NEXT_SCHEDULED_START_TIME_ASC", limit: 200 };
      const call = { method: "POST", path: "/flow_runs/filter", body } as const;
      const ids = (found: unknown): ReadonlySet<string> =>
        new Set(ofDeployment.parse(found).flatMap(({ deployment_id: id }) => id ?? []));
      return once(call, ids, signal);
    },
    runsAhead(deployment, now, signal) {
      const body = { flow_runs: ahead(now), deployments: { id: { any_: [deployment] } } };
      return once(
        { method: "POST", path: "/flow_runs/count", body },
        (count) => z.number().parse(count),
        signal,
      );
    },
  };
}
