/**
 * What is done to files of databases. It is done in a process of its own: copying blocks, and a
 * folder on a mount that hangs must hang nothing else. Plain data, for it goes through a pipe.
 */

export type DatabaseWork =
  | {
      readonly kind: "backup";
      readonly directory: string;
      /** How many of each database stay. */
      readonly keep: number;
      readonly sources: readonly DatabaseSource[];
    }
  | { readonly kind: "list"; readonly directory: string }
  | { readonly kind: "verify"; readonly file: string }
  /** Of the tables of an SQLite database that is in use. */
  | { readonly kind: "revision"; readonly file: string }
  /** Lays a copy of the backup beside the database, and checks that. */
  | { readonly kind: "stage"; readonly file: string; readonly database: string }
  /** Puts what was staged in the place of the database, which nobody may have open. */
  | { readonly kind: "swap"; readonly database: string }
  | {
      readonly kind: "restore-postgres";
      readonly file: string;
      readonly connection: PostgresConnection;
      /** Where the database as it is now is kept. */
      readonly directory: string;
    };

export type DatabaseSource =
  | { readonly kind: "sqlite"; readonly name: string; readonly file: string }
  | { readonly kind: "postgres"; readonly name: string; readonly connection: PostgresConnection };

export interface PostgresConnection {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslmode: string | undefined;
}

export type DatabaseReply =
  | {
      readonly kind: "backed-up";
      readonly backups: readonly Backup[];
      /** One that fails does not keep the others from being made. */
      readonly failures: readonly DatabaseFailure[];
      /** Old ones that went. */
      readonly removed: readonly string[];
    }
  | { readonly kind: "listed"; readonly backups: readonly Backup[] }
  | { readonly kind: "verified"; readonly contents: DatabaseContents }
  | { readonly kind: "revision"; readonly revision: string | undefined }
  | { readonly kind: "staged"; readonly contents: DatabaseContents }
  /** `kept`: what the former database is called now; undefined where there was none. */
  | { readonly kind: "restored"; readonly kept: string | undefined }
  | DatabaseFailure;

export interface DatabaseFailure {
  readonly kind: "failed";
  readonly reason: FailureReason;
  readonly why: string;
  readonly cure: string | undefined;
}

export type FailureReason = "timeout" | "space" | "command" | "verify" | "other";

export interface Backup {
  /** Its whole path. It has this name only since it has passed its check. */
  readonly file: string;
  /** `prefect`, or the name of a further database. */
  readonly database: string;
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  readonly bytes: number;
}

export interface DatabaseContents {
  readonly format: "sqlite" | "postgres";
  readonly bytes: number;
  /** Prefect's version of its tables; undefined for a database that is not Prefect's. */
  readonly revision: string | undefined;
  /** Undefined where that is not known. */
  readonly flowRuns: number | undefined;
}

export interface DatabaseWorkOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told of each step in a few words. */
  readonly step: (words: string) => void;
}

/** Never rejects. */
export type DoDatabaseWork = (
  work: DatabaseWork,
  options: DatabaseWorkOptions,
) => Promise<DatabaseReply>;
