/** Puts a backup in the place of the server's database, step by step. */
import type {
  DatabaseContents,
  DatabaseFailure,
  DatabaseReply,
  DatabaseSource,
  DatabaseWork,
} from "../ports-database.ts";
import { judgeRevision, type KnownRevisions } from "./revision.ts";

export interface RestorePorts {
  readonly work: (work: DatabaseWork) => Promise<DatabaseReply>;
  readonly knownRevisions: () => Promise<KnownRevisions | undefined>;
  /** Ends all that has the database open, or says why that cannot be. */
  readonly stopUsers: () => Promise<string | undefined>;
  /** Starts again what was stopped; resolves when it is ready, or with what is amiss. */
  readonly startUsers: () => Promise<string | undefined>;
  /** What lies in PREFECT_HOME now is what is expected there. */
  readonly accept: () => Promise<void>;
  readonly step: (words: string) => void;
}

export type Restored =
  | {
      readonly kind: "restored";
      readonly contents: DatabaseContents;
      readonly kept: string | undefined;
      /** What is amiss all the same. */
      readonly trouble: string | undefined;
    }
  | DatabaseFailure;

export interface RestoreOrder {
  readonly file: string;
  readonly target: DatabaseSource | undefined;
  /** Where PostgreSQL as it is now is kept. */
  readonly directory: string;
}

/** Nothing is stopped before the backup lies, checked, where it is to be used. */
export async function restoreDatabase(order: RestoreOrder, ports: RestorePorts): Promise<Restored> {
  const { file, target, directory } = order;
  const checked = await checkBackup(order, ports);
  if (checked.kind === "failed" || target === undefined) return failedOr(checked);
  if (target.kind === "sqlite") {
    ports.step(`copying ${file} beside ${target.file}`);
    const staged = await ports.work({ kind: "stage", file, database: target.file });
    if (staged.kind !== "staged") return failedOr(staged);
  }
  ports.step("stopping workers and server");
  const hindrance = await ports.stopUsers();
  if (hindrance !== undefined) {
    await ports.startUsers();
    return failed(`the database is as it was: ${hindrance}`);
  }
  ports.step("putting the backup in place");
  const swapped = await ports.work(
    target.kind === "sqlite"
      ? { kind: "swap", database: target.file }
      : { kind: "restore-postgres", file, connection: target.connection, directory },
  );
  if (swapped.kind === "restored") await ports.accept();
  ports.step("starting server and workers");
  const trouble = await ports.startUsers();
  if (swapped.kind !== "restored") return failedOr(swapped);
  return { kind: "restored", contents: checked.contents, kept: swapped.kept, trouble };
}

type Checked = { readonly kind: "verified"; readonly contents: DatabaseContents } | DatabaseFailure;

/** Whether it is whole, and of use to the Prefect that is installed. */
export async function checkBackup(
  { file, target }: Pick<RestoreOrder, "file" | "target">,
  { work, knownRevisions, step }: Pick<RestorePorts, "work" | "knownRevisions" | "step">,
): Promise<Checked> {
  if (target === undefined) {
    const cure = "restore it on the machine that the server runs on";
    return failed("no server runs here (server.enabled is false)", cure);
  }
  step(`checking ${file}`);
  const verified = await work({ kind: "verify", file });
  if (verified.kind !== "verified") return failedOr(verified);
  const { format, revision } = verified.contents;
  if (format !== target.kind) {
    const cure = "choose a backup of that kind; `sails-supervisor backup list` shows them";
    return failed(`${file} is of ${names[format]}, and the server has ${names[target.kind]}`, cure);
  }
  const fit = judgeRevision(revision, format, await knownRevisions());
  return fit.kind === "refused" ? failed(`${file}: ${fit.why}`, fit.cure) : verified;
}

const names = { sqlite: "SQLite", postgres: "PostgreSQL" } as const;

const failed = (why: string, cure?: string): DatabaseFailure => ({
  kind: "failed",
  reason: "other",
  why,
  cure,
});

const failedOr = (reply: DatabaseReply): DatabaseFailure =>
  reply.kind === "failed" ? reply : failed("it was answered with something else");
