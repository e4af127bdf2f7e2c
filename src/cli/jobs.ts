/** `jobs`: what is done at set times. */
import type { JobStatus } from "../control/status.ts";
import { complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { jobTable } from "./jobs-text.ts";
import { asJson } from "./json.ts";
import { beneath, type Lines, type Look, spanSince } from "./look.ts";

export interface JobsOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export async function showJobs(context: Context, { config, json }: JobsOptions): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const answer = await client.status(new AbortController().signal);
  if (answer.kind !== "answered") return complainOf(context, answer);
  const { jobs } = answer.value;
  const { out } = context;
  const look = { columns: out.columns(), paint: out.paint, now: new Date() };
  await out.write(json ? asJson({ version: 1, jobs }) : textOf(jobs, look));
  const hasFailed = jobs.some((job) => isOrderable(job) && job.last?.result === "failed");
  return hasFailed ? exitStatus.notAsAsked : exitStatus.done;
}

/** A restore has a command of its own, which tells how it ends. */
export const isOrderable = ({ name }: JobStatus): boolean => name !== "restore";

function textOf(jobs: readonly JobStatus[], look: Look): string {
  if (jobs.length === 0) {
    return "No jobs are declared. The key `jobs` says what is done at set times.\n";
  }
  return jobTable(jobs, look, (job) => more(job, look))
    .map((line) => `${line}\n`)
    .join("");
}

function more({ last, lastSuccess, cron, timezone, next }: JobStatus, look: Look): Lines {
  const hasFailed = last?.result === "failed";
  return [
    hasFailed && last.cure !== null ? `What to do: ${last.cure}` : undefined,
    hasFailed
      ? `last succeeded: ${lastSuccess === null ? "never" : `${spanSince(lastSuccess, look.now)} ago`}`
      : undefined,
    cron === null ? undefined : `at ${cron} ${timezone ?? "UTC"}${nextOf(next)}`,
  ].flatMap((words) => (words === undefined ? [] : beneath(words, look)));
}

const nextOf = (next: string | null): string =>
  next === null ? "" : `: the next is ${next.replace("T", " ").replace(/(:00)?\.\d+Z$/, "")} UTC`;
