/** `jobs run JOB`: now. */
import { nearest } from "../config/nearest.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { sayStep } from "./database-access.ts";
import { exitStatus } from "./exit-status.ts";
import { beginJob, followJob, tellEnd } from "./follow-job.ts";
import type { JobsOptions } from "./jobs.ts";
import { asJson } from "./json.ts";
import { complainOfUnknown } from "./unknown-name.ts";

export interface RunJobOptions extends JobsOptions {
  readonly wait: boolean;
}

export async function runJob(
  context: Context,
  name: string,
  options: RunJobOptions,
): Promise<number> {
  const client = await daemonClient(context, options.config);
  if (client === undefined) return exitStatus.unreachable;
  const ordered = await client.runJob(name, new AbortController().signal);
  if (ordered.kind === "answered" && ordered.value.kind === "unknown-job") {
    const { known } = ordered.value;
    return complainOfUnknown(context, "job", { name, nearest: nearest(name, known) }, known);
  }
  if (!options.wait) {
    const begun = await beginJob(context, ordered);
    if (begun.kind === "none") return begun.status;
    const { job, since } = begun;
    const words = `${job} has begun; \`sails-supervisor jobs\` tells how it ends\n`;
    await context.out.write(options.json ? asJson({ version: 1, job, since }) : words);
    return exitStatus.done;
  }
  const step = (words: string): void => void sayStep(context, options, words);
  const followed = await followJob(context, client, ordered, step);
  return followed.kind === "none" ? followed.status : tellEnd(context, name, followed.end, options);
}
