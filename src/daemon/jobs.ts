/** The jobs of the daemon: when they are due, who performs them, and how they are shown. */
import type { Config } from "../config/config.ts";
import type { JobOrderResult } from "../control/control-plane.ts";
import type { JobStatus, Problem } from "../control/status.ts";
import { cronCalendar } from "../host/cron.ts";
import type { JobOutcome, JobRun } from "../jobs/job.ts";
import { JobBoard } from "../jobs/job-board.ts";
import type { JobEvent, JobView } from "../jobs/job-runner.ts";
import type { BackupsSnapshot, JobsSnapshot } from "../metrics/job-metrics.ts";
import type { HousekeepingApi } from "../prefect/api/housekeeping.ts";
import type { DoDatabaseWork } from "../prefect/ports-database.ts";
import type { Clock } from "../supervision/ports.ts";
import type { Supervisor } from "../supervision/supervisor.ts";
import { formatMinute } from "../supervision/time.ts";
import { DatabaseKeeper } from "./database-keeper.ts";
import { databaseUsers } from "./database-users.ts";
import { backupJob, jobsOf, restoreJob } from "./job-list.ts";
import { jobMemory } from "./job-memory.ts";
import { jobSnapshot, jobStatus } from "./job-status.ts";
import type { Memory } from "./memory.ts";

export interface JobsDeps {
  readonly clock: Clock;
  readonly memory: Memory;
  readonly supervisor: Supervisor;
  readonly work: DoDatabaseWork;
  readonly log: (level: "info" | "warn", message: string) => void;
  readonly observe: (name: string, event: JobEvent) => void;
  /** What is known of Prefect under the configuration in force. */
  readonly prefect: () => PrefectForJobs;
}

export interface PrefectForJobs {
  readonly api: HousekeepingApi | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly accept: () => Promise<void>;
}

export class Jobs implements AsyncDisposable {
  readonly #deps: JobsDeps;
  readonly #board: JobBoard;
  #database: DatabaseKeeper | undefined;
  #backups: BackupsSnapshot | undefined;
  #wanted = "";

  constructor(deps: JobsDeps) {
    this.#deps = deps;
    const { clock, memory, log, observe } = deps;
    this.#board = new JobBoard({
      calendar: cronCalendar,
      memory: jobMemory(memory),
      now: () => clock.now(),
      wallClock: () => new Date(),
      log,
      observe,
    });
  }

  get snapshot(): JobsSnapshot {
    return { jobs: this.#board.views.filter(isShown).map(jobSnapshot), backups: this.#backups };
  }

  get database(): DatabaseKeeper | undefined {
    return this.#database;
  }

  async apply(config: Config): Promise<void> {
    const { work, log, prefect } = this.#deps;
    const { api, env } = prefect();
    const database = new DatabaseKeeper({ config, work, env });
    this.#database = database;
    void this.#countBackups(database);
    await this.#board.declare(
      jobsOf(config, {
        backup: async (run) => {
          const outcome = await database.backup(run);
          await this.#countBackups(database);
          return outcome;
        },
        restore: (run) => this.#restore(database, run),
        env,
        api,
        log,
      }),
    );
  }

  order(name: string): JobOrderResult {
    const views = this.#board.views.filter((view) => view.name !== restoreJob);
    if (!views.some((view) => view.name === name)) {
      return { kind: "unknown-job", name, known: views.map((view) => view.name) };
    }
    return this.#begin(name);
  }

  restore(file: string): JobOrderResult {
    if (this.#runningOf(restoreJob) === undefined) this.#wanted = file;
    return this.#begin(restoreJob);
  }

  get statuses(): readonly JobStatus[] {
    return this.#board.views.filter(isShown).map(jobStatus);
  }

  get problems(): readonly Problem[] {
    return this.#board.views.flatMap(({ name, last }) => {
      // Who restores is there to see how it ends.
      if (last?.kind !== "failed" || name === restoreJob) return [];
      const { message, cure = null, startedAt } = last;
      const what = `the job ${name} of ${formatMinute(startedAt)} has failed: ${message}`;
      return [{ id: `job:${name}`, what, cure }];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#board[Symbol.asyncDispose]();
  }

  #begin(name: string): JobOrderResult {
    // A backup would read what a restore replaces.
    const busy = [
      name,
      ...(name === restoreJob ? [backupJob] : name === backupJob ? [restoreJob] : []),
    ]
      .map((one) => ({ one, since: this.#runningOf(one)?.since }))
      .find(({ since }) => since !== undefined);
    if (busy?.since !== undefined) {
      return { kind: "busy", job: busy.one, since: busy.since.toISOString() };
    }
    this.#board.order(name);
    const since = this.#runningOf(name)?.since ?? new Date();
    return { kind: "started", job: name, since: since.toISOString() };
  }

  #runningOf(name: string): JobView["running"] {
    return this.#board.views.find((view) => view.name === name)?.running;
  }

  /** For the metrics: a scrape must wait for no folder. */
  async #countBackups(database: DatabaseKeeper): Promise<void> {
    if (database.isUnused) return;
    const found = await database.list();
    if ("kind" in found) return;
    const [newest] = found.filter((backup) => backup.database === "prefect");
    this.#backups = {
      count: found.length,
      newest: newest && { bytes: newest.bytes, takenAt: Date.parse(newest.takenAt) / 1000 },
    };
  }

  #restore(database: DatabaseKeeper, run: JobRun): Promise<JobOutcome> {
    const { supervisor, clock, prefect } = this.#deps;
    const users = databaseUsers(supervisor, () => clock.now(), run.signal);
    return database.restore(this.#wanted, run, {
      stopUsers: () => users.stop(),
      startUsers: () => users.start(),
      accept: () => prefect().accept(),
    });
  }
}

/** One that is only done by order is nobody's concern until it is. */
const isShown = ({ times, last, running }: JobView): boolean =>
  (times ?? last ?? running) !== undefined;
