/** What an SQLite file holds, and whether it is whole. */
import { DatabaseSync } from "node:sqlite";
import { WorkFailure } from "./work-failure.ts";

/** By these a copy is held against what it was made from. */
export interface Census {
  readonly tables: number;
  readonly flowRuns: number | undefined;
  readonly revision: string | undefined;
}

/** Without reading the rest of it. */
export function readRevision(file: string): string | undefined {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    return revisionIn(database, tablesOf(database));
  } finally {
    database.close();
  }
}

export function takeCensus(database: DatabaseSync): Census {
  const tables = tablesOf(database);
  return {
    tables: tables.length,
    flowRuns: tables.includes("flow_run")
      ? Number(one(database, "SELECT count(*) FROM flow_run"))
      : undefined,
    revision: revisionIn(database, tables),
  };
}

const tablesOf = (database: DatabaseSync): readonly string[] =>
  database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map(({ name }) => String(name));

const revisionIn = (database: DatabaseSync, tables: readonly string[]): string | undefined =>
  tables.includes("alembic_version")
    ? String(one(database, "SELECT version_num FROM alembic_version"))
    : undefined;

const one = (database: DatabaseSync, query: string): unknown =>
  Object.values(database.prepare(query).get() ?? {})[0];

/** Throws if it is not whole. */
export function checkIntegrity(database: DatabaseSync, name: string): void {
  // Read through the page cache of the kernel, it takes half the time.
  database.exec(`PRAGMA mmap_size = ${2 ** 40}`);
  const found = database
    .prepare("PRAGMA integrity_check(3)")
    .all()
    .map(({ integrity_check: line }) => String(line));
  if (found.length === 1 && found[0] === "ok") return;
  throw new WorkFailure("verify", `${name} is damaged: ${found.join("; ").slice(0, 500)}`);
}

export function compare(copy: Census, source: Census, name: string): void {
  const keys = ["tables", "flowRuns", "revision"] as const;
  const differs = keys.filter((key) => copy[key] !== source[key]);
  if (differs.length === 0) return;
  const what = differs.map((key) => `${key}: ${copy[key]} instead of ${source[key]}`).join(", ");
  throw new WorkFailure("verify", `the copy of ${name} is not what the database is (${what})`);
}
