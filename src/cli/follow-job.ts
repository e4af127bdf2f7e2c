/** Waits until a job that was ordered has come to its end. */
import type { Answer, ControlClient } from "../control/client.ts";
import type { JobOrderResult } from "../control/control-plane.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context, JobEnd } from "./context.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";

const lookEveryMs = 500;

/** It has been said why. */
interface None {
  readonly kind: "none";
  readonly status: number;
}

export type Followed = { readonly kind: "ended"; readonly end: JobEnd } | None;

export type Begun = { readonly kind: "begun"; readonly job: string; readonly since: string } | None;

/** What the daemon has answered to an order, or why that is none. */
export async function beginJob(context: Context, ordered: Answer<JobOrderResult>): Promise<Begun> {
  if (ordered.kind !== "answered") return none(await complainOf(context, ordered));
  const order = ordered.value;
  if (order.kind === "started") return { ...order, kind: "begun" };
  const what =
    order.kind === "busy"
      ? `the job ${order.job} runs since ${order.since}, and this has to wait for its end`
      : `there is no job ${order.name}`;
  await complain(context, what, "`sails-supervisor jobs` shows the jobs");
  return none(exitStatus.failed);
}

export async function followJob(
  context: Context,
  client: ControlClient,
  ordered: Answer<JobOrderResult>,
  step: (words: string) => void,
): Promise<Followed> {
  const order = await beginJob(context, ordered);
  if (order.kind === "none") return order;
  let shown: string | null = null;
  const signal = context.interrupted();
  for await (const status of client.statuses(lookEveryMs, signal)) {
    if (signal.aborted) break;
    if (status.kind !== "answered") return none(await complainOf(context, status));
    const job = status.value.jobs.find(({ name }) => name === order.job);
    if (job?.running?.since === order.since) {
      const { step: words } = job.running;
      if (words !== null && words !== shown) step(words);
      shown = words;
    } else if (job?.last?.startedAt === order.since) return { kind: "ended", end: job.last };
    else if (job?.running === null) break;
  }
  const what = signal.aborted
    ? `it goes on; \`sails-supervisor jobs\` tells how it ends`
    : `what came of it is not known: the supervisor has begun anew meanwhile`;
  await complain(context, what);
  return none(exitStatus.failed);
}

const none = (status: number): None => ({ kind: "none", status });

/** What came of it, and the exit status for that. */
export async function tellEnd(
  context: Context,
  job: string,
  end: JobEnd,
  { json }: { readonly json?: boolean },
): Promise<number> {
  const isGood = end.result === "succeeded";
  if (json) await context.out.write(asJson({ job, ...end }));
  else if (isGood) await context.out.write(`${end.message}\n`);
  else await complain(context, end.message, end.cure ?? undefined);
  return isGood ? exitStatus.done : exitStatus.failed;
}
