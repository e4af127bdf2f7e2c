/** Backups where no daemon runs: in the command that asks for them, which keeps daemons away meanwhile. */
import { existsSync } from "node:fs";
import { hrtime } from "node:process";
import type { JobEnd, OpenedDatabase } from "../cli/context.ts";
import type { Config } from "../config/config.ts";
import { baseEnvironment } from "../host/base-environment.ts";
import { databaseChild } from "../host/database/database-child.ts";
import { files } from "../host/files.ts";
import { lockInstance } from "../host/instance-lock.ts";
import { liveRuns } from "../host/live-runs.ts";
import { ownProgram } from "../host/own-program.ts";
import type { JobOutcome, JobRun } from "../jobs/job.ts";
import { DatabaseGuard } from "../prefect/database-guard.ts";
import { runsDirectory } from "../prefect/installation.ts";
import { ms } from "../supervision/time.ts";
import { backupsResult, verifyResult } from "./backup-orders.ts";
import { DatabaseKeeper } from "./database-keeper.ts";
import { resultStatus } from "./job-status.ts";

export async function openDatabase(
  config: Config,
  own: Readonly<Record<string, string | undefined>>,
): Promise<OpenedDatabase> {
  // Without a state folder there never was a daemon.
  const locked = existsSync(config.stateDir) ? await lockInstance(config.stateDir) : undefined;
  if (locked?.kind === "taken") return { kind: "taken" };
  const env = baseEnvironment(own);
  const work = databaseChild({ command: ownProgram("database-work"), env });
  const database = new DatabaseKeeper({ config, work, env });
  const guard = new DatabaseGuard(config, files);
  return {
    kind: "opened",
    database: {
      living: liveRuns(runsDirectory(config.stateDir)).map(({ flowRunId }) => flowRunId),
      backup: (step) => endOf((run) => database.backup(run), step),
      list: () => backupsResult(database),
      verify: (file) => verifyResult(database, file),
      restore: (file, step) =>
        endOf(
          (run) =>
            database.restore(file, run, {
              // A server that somebody runs by hand is noticed when its database is to be replaced.
              stopUsers: async () => undefined,
              startUsers: async () => undefined,
              accept: () => guard.accept(),
            }),
          step,
        ),
      [Symbol.dispose]: () => locked?.lock[Symbol.dispose](),
    },
  };
}

async function endOf(
  perform: (run: JobRun) => Promise<JobOutcome>,
  step: (words: string) => void,
): Promise<JobEnd> {
  const startedAt = new Date();
  const from = hrtime.bigint();
  const outcome = await perform({ due: startedAt, signal: new AbortController().signal, step });
  const took = ms(Number((hrtime.bigint() - from) / 1_000_000n));
  return resultStatus({ ...outcome, startedAt, took });
}
