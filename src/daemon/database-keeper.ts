/** Backups of one configuration's databases, and the way back. */
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import { runCommand } from "../host/command.ts";
import { machine } from "../host/machine.ts";
import type { JobOutcome, JobRun } from "../jobs/job.ts";
import { backupSources, serverDatabase } from "../prefect/database/place.ts";
import { checkBackup, type RestorePorts, restoreDatabase } from "../prefect/database/restore.ts";
import { askRevisions, type KnownRevisions } from "../prefect/database/revision.ts";
import type {
  Backup,
  DatabaseContents,
  DatabaseFailure,
  DatabaseReply,
  DatabaseWork,
  DoDatabaseWork,
} from "../prefect/ports-database.ts";
import { findProgram } from "../prefect/program.ts";

export interface DatabaseKeeperDeps {
  readonly config: Config;
  readonly work: DoDatabaseWork;
  /** Of the processes that are started. */
  readonly env: Readonly<Record<string, string>>;
}

type Users = Pick<RestorePorts, "stopUsers" | "startUsers" | "accept">;

/** A mount that hangs is not waited for longer. */
const lookTimeoutMs = 30_000;

export class DatabaseKeeper {
  readonly #deps: DatabaseKeeperDeps;

  constructor(deps: DatabaseKeeperDeps) {
    this.#deps = deps;
  }

  get directory(): string {
    return this.#deps.config.jobs.backup.directory;
  }

  /** Nobody has asked for backups, so that there is no folder to look into. */
  get isUnused(): boolean {
    return this.#deps.config.jobs.backup.cron === undefined;
  }

  async backup(run: JobRun): Promise<JobOutcome> {
    const { config } = this.#deps;
    const { directory, keep } = config.jobs.backup;
    const sources = backupSources(config);
    if (sources.length === 0) {
      return failed({
        reason: "other",
        why: "there is no database to back up: no server runs here, and jobs.backup.databases names none",
        cure: "set jobs.backup.databases, or back up where the server runs",
      });
    }
    const reply = await this.#work(run, { kind: "backup", directory, keep, sources });
    if (reply.kind !== "backed-up") return failed(failureIn(reply));
    const made = reply.backups.map(describeBackup);
    const [failure, ...more] = reply.failures;
    if (failure === undefined) {
      const gone = reply.removed.length > 0 ? `; ${reply.removed.length} old ones removed` : "";
      return { kind: "succeeded", message: `made ${made.join(", ")}${gone}` };
    }
    const others = more.map(({ why }) => `; ${why}`).join("");
    const good = made.length > 0 ? `; made all the same: ${made.join(", ")}` : "";
    return failed({ ...failure, why: `${failure.why}${others}${good}` });
  }

  async list(): Promise<readonly Backup[] | DatabaseFailure> {
    const reply = await this.#look({ kind: "list", directory: this.directory });
    return reply.kind === "listed" ? reply.backups : failureIn(reply);
  }

  /** Whether it is whole, and of use to the Prefect that is installed. */
  verify(
    file: string,
  ): Promise<{ kind: "verified"; contents: DatabaseContents } | DatabaseFailure> {
    const { config } = this.#deps;
    return checkBackup(
      { file, target: serverDatabase(config) },
      {
        work: (work) => this.#look(work, config.jobs.backup.timeout),
        knownRevisions: () => this.#knownRevisions(),
        step: () => undefined,
      },
    );
  }

  /** Of the server's database as it is now; undefined where that cannot be said. */
  async revision(): Promise<string | undefined> {
    const target = serverDatabase(this.#deps.config);
    if (target?.kind !== "sqlite") return undefined;
    const reply = await this.#look({ kind: "revision", file: target.file });
    return reply.kind === "revision" ? reply.revision : undefined;
  }

  async restore(file: string, run: JobRun, users: Users): Promise<JobOutcome> {
    const target = serverDatabase(this.#deps.config);
    const restored = await restoreDatabase(
      { file, target, directory: this.directory },
      {
        ...users,
        work: (work) => this.#work(run, work),
        knownRevisions: () => this.#knownRevisions(),
        step: run.step,
      },
    );
    if (restored.kind === "failed") return failed(restored);
    const { contents, kept, trouble } = restored;
    const runs = contents.flowRuns === undefined ? "" : `, with ${contents.flowRuns} flow runs`;
    const former = kept === undefined ? "" : `; the former database is ${kept}`;
    const message = `${file} is the database now${runs}${former}`;
    if (trouble === undefined) return { kind: "succeeded", message };
    return failed({ reason: "other", why: `${message}; but ${trouble}`, cure: undefined });
  }

  #work({ signal, step }: JobRun, work: DatabaseWork): Promise<DatabaseReply> {
    const { timeout } = this.#deps.config.jobs.backup;
    return this.#deps.work(work, { timeoutMs: timeout, signal, step });
  }

  #look(work: DatabaseWork, timeoutMs = lookTimeoutMs): Promise<DatabaseReply> {
    const { signal } = new AbortController();
    return this.#deps.work(work, { timeoutMs, signal, step: () => undefined });
  }

  async #knownRevisions(): Promise<KnownRevisions | undefined> {
    const { config, env } = this.#deps;
    const program = await findProgram(config, env["PATH"] ?? "", machine);
    if (program === undefined) return undefined;
    return askRevisions(runCommand, join(dirname(program.file), "python"), {
      env,
      directory: config.stateDir,
      timeoutMs: lookTimeoutMs,
      signal: new AbortController().signal,
    });
  }
}

export const describeBackup = ({ file, bytes }: Backup): string =>
  `${file} (${(bytes / 1e6).toFixed(1)} MB)`;

const failureIn = (reply: DatabaseReply): DatabaseFailure =>
  reply.kind === "failed"
    ? reply
    : {
        kind: "failed",
        reason: "other",
        why: "it was answered with something else",
        cure: undefined,
      };

const failed = ({ reason, why, cure }: Omit<DatabaseFailure, "kind">): JobOutcome => ({
  kind: "failed",
  reason,
  message: why,
  cure,
});
