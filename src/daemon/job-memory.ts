/** What is remembered of jobs, as it stands in the state file. */
import * as z from "zod";
import type { JobResult, RememberedJob } from "../jobs/job.ts";
import type { JobMemory } from "../jobs/ports.ts";
import { ms } from "../supervision/time.ts";
import type { Memory } from "./memory.ts";

const time = z.iso.datetime().transform((text) => new Date(text));
const reasons = ["timeout", "space", "command", "verify", "other"] as const;

const resultShape = z
  .object({
    reason: z.enum(reasons).optional(),
    message: z.string(),
    cure: z.string().optional(),
    startedAt: time,
    took: z.number().transform(ms),
  })
  .transform(({ reason, message, cure, startedAt, took }): JobResult => {
    return reason === undefined
      ? { kind: "succeeded", message, startedAt, took }
      : { kind: "failed", reason, message, cure, startedAt, took };
  });

const shape = z
  .object({
    cron: z.string().optional(),
    timezone: z.string().optional(),
    next: time.optional(),
    running: time.optional(),
    last: resultShape.optional(),
    lastSuccess: time.optional(),
  })
  .transform(
    ({ cron, timezone, next, running, last, lastSuccess }): RememberedJob => ({
      cron,
      timezone,
      next,
      running,
      last,
      lastSuccess,
    }),
  );

/** One that has no sense is as good as none. */
export const jobMemory = (memory: Memory): JobMemory => ({
  read: (name) => shape.safeParse(memory.now.jobs[name]).data,
  write: (name, remembered) => {
    // Dates become the texts that are read again.
    const written: unknown = JSON.parse(JSON.stringify(remembered));
    return memory.change({ jobs: { ...memory.now.jobs, [name]: written } });
  },
});
