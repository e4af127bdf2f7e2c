/** The jobs of a configuration, with what performs them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Config, CustomJobConfig, JobTimes } from "../config/config.ts";
import { runJobCommand } from "../host/job-command.ts";
import type { Job, JobOutcome, JobRun } from "../jobs/job.ts";
import type { HousekeepingApi } from "../prefect/api/housekeeping.ts";
import { workingDirectory } from "../prefect/installation.ts";
import { sweepOld } from "../prefect/retention.ts";

export interface JobDeps {
  readonly backup: (run: JobRun) => Promise<JobOutcome>;
  readonly restore: (run: JobRun) => Promise<JobOutcome>;
  /** Of Prefect's clients. */
  readonly env: Readonly<Record<string, string>>;
  /** Undefined where there is no Prefect. */
  readonly api: HousekeepingApi | undefined;
  readonly log: (level: "info" | "warn", message: string) => void;
}

export const [backupJob, restoreJob, retentionJob] = ["backup", "restore", "retention"] as const;

export function jobsOf(config: Config, deps: JobDeps): readonly Job[] {
  const { backup, retention, custom } = config.jobs;
  const { timezone } = backup;
  // They reach Prefect and its database as all of these say.
  const spec = (own: object): string =>
    JSON.stringify([own, config.server, config.prefect, config.environment, deps.env]);
  const times = backup.cron === undefined ? undefined : { cron: backup.cron, timezone };
  return [
    { name: backupJob, spec: spec(backup), times, isRepeatable: true, perform: deps.backup },
    {
      name: restoreJob,
      spec: spec(backup),
      times: undefined,
      isRepeatable: false,
      perform: deps.restore,
    },
    ...(retention.runs === undefined && retention.offlineWorkers === undefined
      ? []
      : [
          {
            name: retentionJob,
            spec: spec(retention),
            times: timesOf(retention),
            isRepeatable: true,
            perform: (run: JobRun) => sweep(config, deps, run),
          },
        ]),
    ...custom.map((job) => ({
      name: job.name,
      spec: spec(job),
      times: timesOf(job),
      // The key keeps a flow run from being made twice; of a command nobody knows.
      isRepeatable: job.work.kind === "deployment",
      perform: (run: JobRun) => performCustom(job, config, deps, run),
    })),
  ];
}

const timesOf = ({ cron, timezone }: JobTimes) => ({ cron, timezone });

/** One deletion each, so that what a server on SQLite has to do for people comes in between. */
const pauseMs = 1_000;

async function sweep(
  { jobs: { retention } }: Config,
  { api }: JobDeps,
  { signal, step }: JobRun,
): Promise<JobOutcome> {
  if (api === undefined) return noPrefect;
  const late = AbortSignal.timeout(retention.timeout);
  const either = AbortSignal.any([signal, late]);
  const pause = async (ended: AbortSignal): Promise<void> => {
    await sleep(pauseMs, undefined, { signal: ended }).catch(() => undefined);
  };
  const swept = await sweepOld(retention, { api, now: () => new Date(), pause, step }, either);
  const what = `${swept.runs} flow runs and ${swept.workers} workers deleted`;
  if (signal.aborted) return failed("other", `was cut short; ${what}`);
  if (late.aborted) return { kind: "succeeded", message: `${what}; the rest comes the next time` };
  return swept.trouble === undefined
    ? { kind: "succeeded", message: what }
    : failed("other", `${swept.trouble}; ${what}`, "it goes on the next time");
}

function performCustom(
  job: CustomJobConfig,
  config: Config,
  deps: JobDeps,
  run: JobRun,
): Promise<JobOutcome> {
  switch (job.work.kind) {
    case "command":
      return performCommand(job, job.work.command, config, deps, run);
    case "deployment":
      return runDeployment(job, job.work.deployment, deps, run);
    default:
      return job.work satisfies never;
  }
}

async function performCommand(
  { name, timeout }: CustomJobConfig,
  command: readonly [string, ...string[]],
  config: Config,
  { env, log }: JobDeps,
  { signal }: JobRun,
): Promise<JobOutcome> {
  const end = await runJobCommand({
    command,
    env,
    directory: workingDirectory(config),
    timeoutMs: timeout,
    signal,
    line: (text) => log("info", `job@${name}: ${text}`),
  });
  const said = end.lastLine === undefined ? "" : `: ${end.lastLine}`;
  if (end.kind === "succeeded")
    return { kind: "succeeded", message: `exited with status 0${said}` };
  const reason = end.kind === "timeout" ? "timeout" : "command";
  return failed(
    reason,
    `${command[0]} ${end.how}${said}`,
    `its output is in the log as job@${name}`,
  );
}

async function runDeployment(
  { name, timeout }: CustomJobConfig,
  deployment: string,
  { api }: JobDeps,
  { due, signal }: JobRun,
): Promise<JobOutcome> {
  if (api === undefined) return noPrefect;
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const found = await api.findDeployment(deployment, either);
  if (found.kind !== "ok") return failed("other", found.why);
  if (found.value === undefined) {
    const cure =
      "deploy it, or correct the deployment of the job; `prefect deployment ls` lists all";
    return failed("other", `there is no deployment ${deployment}`, cure);
  }
  const key = `sails-supervisor:${name}:${due.toISOString()}`;
  const made = await api.runDeployment(found.value, key, either);
  return made.kind === "ok"
    ? { kind: "succeeded", message: `${deployment} is to run as ${made.value.name}` }
    : failed("other", made.why);
}

const failed = (
  reason: Extract<JobOutcome, { kind: "failed" }>["reason"],
  message: string,
  cure?: string,
): JobOutcome => ({ kind: "failed", reason, message, cure });

const noPrefect = failed("other", "there is no Prefect here", "set prefect.api_url");
