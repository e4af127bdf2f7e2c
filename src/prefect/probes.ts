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
  (
    api: {
      readonly workers: (pool: string, signal: AbortSignal) => ReturnType<PrefectApi["workers"]>;
    },
    pool: string,
    name: string,
  ): Probe =>
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

/** Each question of ours has a connection of its own: who has just answered one needs no other. */
export const unlessHeard =
  (health: Probe, hasJustAnswered: () => boolean): Probe =>
  async (target, signal) =>
    hasJustAnswered() ? pass : health(target, signal);

const answerWithinMs = 8_000;
/** Of a processor, from one question to the next: a server that hangs uses next to none. */
const workSeconds = 1;
/** For so many questions in a row it may be busy and answer nobody: five minutes. */
const mostBusy = 20;

/**
 * A server that answers nobody but works is starved by the starts of flow runs, or has much to do:
 * killing it would only give it more. What hangs does not work.
 */
export function answersOrWorks(
  health: Probe,
  cpuSeconds: (pid: number) => number | undefined,
): Probe {
  let last: { readonly pid: number; readonly cpu: number } | undefined;
  let busy = 0;
  return async (target, signal) => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
    const verdict = await health(target, within);
    const { pid } = target;
    const before = last?.pid === pid ? last.cpu : undefined;
    const cpu = cpuSeconds(pid);
    last = cpu === undefined ? undefined : { pid, cpu };
    const works = before !== undefined && cpu !== undefined && cpu - before >= workSeconds;
    busy = verdict.kind === "fail" && works ? busy + 1 : 0;
    if (busy === 0 || busy > mostBusy || verdict.kind !== "fail") return verdict;
    return { kind: "unknown", why: `it is at work and does not answer: ${verdict.why}` };
  };
}

/** What it hides although it is alive: see `canary.ts`. */
export const unlessHiding =
  (liveness: Probe, hidden: () => Verdict): Probe =>
  async (target, signal) => {
    const verdict = await liveness(target, signal);
    return verdict.kind === "pass" ? hidden() : verdict;
  };

const pass: Verdict = { kind: "pass" };
