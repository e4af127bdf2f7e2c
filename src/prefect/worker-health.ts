/**
 * Whether a worker hangs. One sign is never enough: its own `/health` answers although its main loop
 * is stuck, and says 503 because the *server* is away; a heartbeat is late on a busy machine. Two
 * must agree, and Prefect must have answered for as long as the signs are old.
 */
import type { Probe, Verdict } from "../supervision/probe.ts";
import { formatSpan, type Millis, minutes, ms, seconds } from "../supervision/time.ts";
import type { PrefectApi, Worker } from "./api/client.ts";
import type { Answer } from "./api/transport.ts";
import type { Machine } from "./ports.ts";

export interface WorkerSigns {
  /** Of its own loopback port; `unresponsive`: it says itself that no poll has succeeded for five minutes. */
  readonly health: "ok" | "unresponsive" | "silent";
  /** What Prefect knows of it; undefined if it knows no such worker. */
  readonly heard: { readonly age: Millis; readonly isOnline: boolean } | undefined;
  readonly heartbeatEvery: Millis;
  /** Its process is stopped by a signal: alive, and doing nothing. */
  readonly isStopped: boolean;
  /** For how long Prefect has answered each question that was asked. */
  readonly apiHealthyFor: Millis;
}

/** Prefect calls a worker offline after three. */
const missedBeats = 4;
/** A worker's own word is about its last five minutes. */
const ownWindow = minutes(5.5);

const pass: Verdict = { kind: "pass" };

/** While Prefect answers: where it does not, nothing can be said. */
export function judgeWorker(signs: WorkerSigns): Verdict {
  const { health, heard, heartbeatEvery, isStopped, apiHealthyFor } = signs;
  if (isStopped && health === "silent") {
    const why = "its process has been stopped by a signal (SIGSTOP), and its own /health is silent";
    return { kind: "fail", why };
  }
  const patience = ms(missedBeats * heartbeatEvery);
  const isLate = heard !== undefined && (!heard.isOnline || heard.age > patience);
  if (health !== "ok" && isLate && apiHealthyFor > patience) {
    const own = health === "silent" ? "is silent" : "says that it does not reach Prefect";
    const last = `Prefect, which answers, last heard from it ${formatSpan(heard.age)} ago`;
    return { kind: "fail", why: `its own /health ${own}, and ${last}` };
  }
  if (health === "unresponsive" && apiHealthyFor > ownWindow) {
    const why = `its own /health says that it has looked for no work for five minutes, though Prefect has answered for ${formatSpan(apiHealthyFor)}`;
    return { kind: "fail", why };
  }
  return pass;
}

export interface WorkerWatch {
  readonly workers: (pool: string) => ReturnType<PrefectApi["workers"]>;
  readonly machine: Pick<Machine, "healthOf" | "isStopped">;
  readonly now: () => Millis;
  readonly wallNow: () => number;
  readonly pool: string;
  readonly name: string;
  readonly healthUrl: string;
  readonly heartbeatEvery: Millis;
  /** Whether Prefect can write: else heartbeats and polls of all workers fail, though it answers. */
  readonly canWrite: (signal: AbortSignal) => Promise<boolean>;
}

const healthPatienceMs = 4_000;

/** For one child: what it remembers is since when Prefect answers. */
export function workerLives(watch: WorkerWatch): Probe {
  const { workers, machine, now, wallNow, pool, name, healthUrl, heartbeatEvery } = watch;
  let healthySince: Millis | undefined;
  return async ({ pid }, signal) => {
    const [answer, health] = await Promise.all([
      workers(pool),
      machine.healthOf(healthUrl, healthPatienceMs, signal),
    ]);
    // That the server is away is never a worker's fault.
    if (answer.kind !== "ok") {
      healthySince = undefined;
      return { kind: "unknown", why: answer.why };
    }
    healthySince ??= now();
    const verdict = judgeWorker({
      health,
      heard: heardOf(answer, name, wallNow()),
      heartbeatEvery,
      isStopped: machine.isStopped(pid),
      apiHealthyFor: ms(now() - healthySince),
    });
    if (verdict.kind !== "fail" || (await watch.canWrite(signal))) return verdict;
    return { kind: "unknown", why: "Prefect answers, and cannot write what workers tell it" };
  };
}

function heardOf(
  { value }: Extract<Answer<readonly Worker[]>, { kind: "ok" }>,
  name: string,
  wallNow: number,
): WorkerSigns["heard"] {
  const row = value.find((worker) => worker.name === name);
  const beat = row?.last_heartbeat_time;
  if (row === undefined || beat === undefined || beat === null) return undefined;
  return { age: ms(Math.max(0, wallNow - beat.getTime())), isOnline: row.status === "ONLINE" };
}

/** As Prefect reads it. */
export function heartbeatOf(env: Readonly<Record<string, string>>): Millis {
  const written = Number(env["PREFECT_WORKER_HEARTBEAT_SECONDS"] ?? "");
  // Often more than once a second would only make us hasty.
  return written >= 5 ? seconds(written) : seconds(written > 0 ? 5 : 30);
}

/** One question for all who want to know at about the same time: readiness and liveness ask together. */
export function shareWorkers(
  api: Pick<PrefectApi, "workers">,
  now: () => Millis,
): WorkerWatch["workers"] {
  const asked = new Map<
    string,
    { readonly at: Millis; readonly answer: ReturnType<PrefectApi["workers"]> }
  >();
  // The transport gives each question a time; nobody cuts it short for the others.
  const { signal } = new AbortController();
  return (pool) => {
    const last = asked.get(pool);
    if (last !== undefined && now() - last.at < freshFor) return last.answer;
    const answer = api.workers(pool, signal);
    asked.set(pool, { at: now(), answer });
    return answer;
  };
}

/** Shorter than the pause between two questions of a worker that starts. */
const freshFor = ms(250);
