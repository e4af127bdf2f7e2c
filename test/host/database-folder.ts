/** Databases that tests make, and the real process that works on them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { databaseChild } from "../../src/host/database/database-child.ts";
import type { DatabaseReply, DatabaseWork } from "../../src/prefect/ports-database.ts";

export interface Folder extends AsyncDisposable {
  readonly path: string;
  in(...names: readonly string[]): string;
}

export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "sails-database-"));
  return {
    path,
    in: (...names) => join(path, ...names),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export const workerCommand = [
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  resolve("src/main.ts"),
  "database-work",
] as const;

export const doWork = databaseChild({
  command: workerCommand,
  env: { PATH: process.env["PATH"] ?? "" },
});

/** With all the time in the world. */
export const work = (request: DatabaseWork): Promise<DatabaseReply> =>
  doWork(request, {
    timeoutMs: 600_000,
    signal: new AbortController().signal,
    step: () => undefined,
  });

/** As Prefect's looks from afar: in WAL mode, with flow runs and a revision. */
export function makeDatabase(file: string, flowRuns: number, bytesEach = 100): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE flow_run (id INTEGER PRIMARY KEY, name TEXT, payload BLOB);
    CREATE INDEX flow_run_name ON flow_run (name);
    CREATE TABLE alembic_version (version_num TEXT);
    INSERT INTO alembic_version VALUES ('a3b9c7d2e5f1');
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${flowRuns})
    INSERT INTO flow_run SELECT i, 'run-' || i, randomblob(${bytesEach}) FROM n;
  `);
  return database;
}

export function countRuns(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(database.prepare("SELECT count(*) AS n FROM flow_run").get()?.["n"]);
  } finally {
    database.close();
  }
}
