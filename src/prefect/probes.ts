/** How Prefect itself says that a unit is ready. */
import type { Probe, Verdict } from "../supervision/probe.ts";
import type { PrefectApi } from "./api/client.ts";

/** `/api/health` and `/api/ready` stay 200 with a locked or full database: this one reads from it. */
export const readsDatabase =
  (api: PrefectApi): Probe =>
  async (_, signal) => {
    const answer = await api.pools(signal);
    return answer.kind === "ok" ? pass : { kind: "fail", why: answer.why };
  };

/** A worker that died stays ONLINE for a minute and a half: only a heartbeat after our start counts. */
export const workerIsOnline =
  (api: PrefectApi, pool: string, name: string): Probe =>
  async ({ startedAt }, signal) => {
    const answer = await api.workers(pool, signal);
    // That the server is away is never a worker's fault.
    if (answer.kind !== "ok") return { kind: "unknown", why: answer.why };
    const row = answer.value.find((worker) => worker.name === name);
    const beat = row?.last_heartbeat_time;
    if (beat === undefined || beat === null || beat < startedAt) {
      return { kind: "fail", why: "Prefect has not heard from it since it was started" };
    }
    if (row?.status !== "ONLINE") {
      return { kind: "fail", why: `Prefect last heard from it at ${beat.toISOString()}` };
    }
    return pass;
  };

const pass: Verdict = { kind: "pass" };
