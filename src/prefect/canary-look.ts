/** One look at what a server that answers may hide. */
import type { CanaryApi } from "./api/canary.ts";
import type { DeclaredApi, Deployment } from "./api/declared.ts";
import type { CanaryLook } from "./canary.ts";

export interface CanaryEyes {
  readonly api: CanaryApi & Pick<DeclaredApi, "deployments">;
  readonly now: () => Date;
  /** Undefined where there is none of ours, or it cannot be seen. */
  readonly walBytes: () => Promise<number | undefined>;
}

/** Each is a question of its own; a few are enough to know that the scheduler is dead. */
const mostAsked = 20;

export async function lookAtServer(
  { api, now, walBytes }: CanaryEyes,
  signal: AbortSignal,
): Promise<CanaryLook> {
  const written = await api.write(signal);
  return {
    write: writeOf(written),
    ...(await schedulerSeen(api, now(), signal)),
    walBytes: await walBytes(),
  };
}

function writeOf(written: Awaited<ReturnType<CanaryApi["write"]>>): CanaryLook["write"] {
  if (written.kind === "ok") return written.value === undefined ? undefined : { kind: "ok" };
  const isLocked = written.kind === "refused" && written.status >= 500;
  // One that does not answer at all is liveness' business; no answer in time may be a lock.
  const isSilent = written.kind === "unreachable" && written.why.includes("did not answer within");
  return isLocked || isSilent ? { kind: "failed", why: written.why } : undefined;
}

async function schedulerSeen(
  api: CanaryEyes["api"],
  now: Date,
  signal: AbortSignal,
): Promise<Pick<CanaryLook, "idle" | "isSettling">> {
  const deployments = await api.deployments(signal);
  if (deployments.kind !== "ok") return notSeen;
  const scheduled = deployments.value.filter(isScheduled);
  const wanted = scheduled.filter((one) => isSettled(one, now));
  const isSettling = wanted.length < scheduled.length;
  if (wanted.length === 0) return { idle: [], isSettling };
  const ahead = await api.deploymentsAhead(now, signal);
  if (ahead.kind !== "ok") return notSeen;
  const idle: string[] = [];
  for (const { id, flowName, name } of wanted
    .filter((one) => !ahead.value.has(one.id))
    .slice(0, mostAsked)) {
    const runs = await api.runsAhead(id, now, signal);
    if (runs.kind !== "ok") return notSeen;
    if (runs.value === 0) idle.push(`${flowName}/${name}`);
  }
  return { idle, isSettling };
}

/** Prefect does not say. */
const notSeen = { idle: undefined, isSettling: false } as const;

/** What has just been changed has lost its runs, and gets them anew in a minute. */
const settlingMs = 2 * 60_000;

const isSettled = ({ updated }: Pick<Deployment, "updated">, now: Date): boolean =>
  updated === null || now.getTime() - Date.parse(updated) >= settlingMs;

/** Whether it must have runs ahead: cron and intervals never end, a rule may. */
export const isScheduled = ({
  paused,
  schedules,
}: Pick<Deployment, "paused" | "schedules">): boolean =>
  !paused &&
  schedules.some(
    ({ active, schedule, max_scheduled_runs: most }) =>
      active && most !== 0 && ("cron" in schedule || "interval" in schedule),
  );
