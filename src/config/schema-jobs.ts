/** The keys of `jobs:`, what is done at set times. */
import * as z from "zod";
import * as leaf from "./leaf.ts";

const timezone = leaf.timezone.default("UTC").meta({
  description:
    "Time zone of cron. Where clocks are set forward and back, a time between 1 and 3 h may come twice or not at all.",
  examples: ["Europe/Berlin"],
});

const timeout = (usual: string) =>
  leaf.positiveTimer.default(usual).meta({
    description: "How long one run may take; then it is ended and has failed.",
    examples: [usual],
  });

const backup = z.strictObject({
  cron: leaf.jobCron.optional().meta({
    description:
      "When the database is backed up, as a cron expression. None: only by the command `backup`.",
    examples: ["17 3 * * *"],
  }),
  timezone,
  directory: leaf.path.optional().meta({
    description: "Folder of the backups; best on another disk than the database.",
    examples: ["/mnt/data/backups"],
  }),
  keep: z
    .int()
    .min(1)
    .max(10_000)
    .default(14)
    .meta({ description: "How many backups of each database are kept.", examples: [14] }),
  databases: z
    .array(leaf.path)
    .default([])
    .meta({
      description: "Further SQLite files that are backed up with Prefect's.",
      examples: [["/mnt/data/observations.db"]],
    }),
  timeout: timeout("1h"),
});

const retention = z.strictObject({
  cron: leaf.jobCron.default("47 4 * * *").meta({
    description: "When old flow runs and workers are looked for, as a cron expression.",
    examples: ["47 4 * * *"],
  }),
  timezone,
  events: leaf.duration.optional().meta({
    description:
      "How long the server keeps events; Prefect itself deletes them. None: Prefect's own 7 days.",
    examples: ["3d"],
  }),
  runs: leaf.duration.optional().meta({
    description:
      "How long flow runs are kept after their end, with their logs and task runs. None: for ever.",
    examples: ["90d"],
  }),
  offline_workers: leaf.duration.optional().meta({
    description: "How long a worker without a heartbeat stays listed. None: for ever.",
    examples: ["30d"],
  }),
  timeout: timeout("1h"),
});

const custom = z
  .strictObject({
    name: leaf.serviceName.meta({ description: "Name of the job.", examples: ["weekly-report"] }),
    cron: leaf.jobCron.meta({
      description: "When, as a cron expression.",
      examples: ["0 6 * * mon"],
    }),
    timezone,
    command: leaf.command.optional().meta({
      description:
        "Program and arguments. Its exit status is the result, its output goes to the log. One of command and deployment is needed.",
      examples: [["/usr/local/bin/report", "--weekly"]],
    }),
    deployment: leaf.deploymentName.optional().meta({
      description: "A deployment to run, FLOW/NAME, once for each due time.",
      examples: ["report/weekly"],
    }),
    timeout: timeout("1h"),
  })
  .meta({ description: "A job of your own." });

export const jobs = z.strictObject({
  backup: backup.prefault({}).meta({ description: "Backups of the database." }),
  retention: retention.prefault({}).meta({
    description: "What is deleted when it is old. Nothing, unless a key here says so.",
  }),
  custom: z
    .array(custom)
    .default([])
    .meta({
      description: "Jobs of your own.",
      examples: [[{ name: "weekly-report", cron: "0 6 * * mon", deployment: "report/weekly" }]],
    }),
});
