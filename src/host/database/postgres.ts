/** PostgreSQL by its own programs. The password goes by the environment, where no other user sees it. */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import type { DatabaseContents, PostgresConnection } from "../../prefect/ports-database.ts";
import { errnoOf } from "../errno.ts";
import { WorkFailure } from "./work-failure.ts";

export async function dumpPostgres(connection: PostgresConnection, target: string): Promise<void> {
  await runClient("pg_dump", ["--format=custom", "--no-password", `--file=${target}`], connection);
  await readDump(target);
}

/** Throws if it is not whole as far as its own table of contents tells. */
export async function readDump(file: string): Promise<DatabaseContents> {
  const contents = await runClient("pg_restore", ["--list", file]);
  const isPrefects = /\bTABLE DATA \S+ flow_run\b/.test(contents);
  if (!isPrefects) throw new WorkFailure("verify", `${file} holds no flow runs of Prefect's`);
  return {
    format: "postgres",
    bytes: (await stat(file)).size,
    revision: await revisionIn(file),
    flowRuns: undefined,
  };
}

/** All or nothing. */
export async function loadPostgres(connection: PostgresConnection, file: string): Promise<void> {
  const args = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"];
  const target = ["--no-password", `--dbname=${connection.database}`, file];
  await runClient("pg_restore", [...args, ...target], connection);
}

async function revisionIn(file: string): Promise<string | undefined> {
  const args = ["--data-only", "--table=alembic_version", "--file=-", file];
  const script = await runClient("pg_restore", args);
  return /^COPY .*alembic_version .*\n([0-9a-f]+)$/m.exec(script)?.[1];
}

const keptOutput = 4 * 1024 * 1024;

function runClient(
  program: string,
  args: readonly string[],
  connection?: PostgresConnection,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const env = { ...process.env, ...(connection && variablesOf(connection)) };
  execFile(program, args, { env, maxBuffer: keptOutput }, (error, stdout, stderr) => {
    if (error === null) return resolve(stdout);
    if (errnoOf(error) === "ENOENT") {
      const cure = "install the client of PostgreSQL: apt install postgresql-client";
      return reject(new WorkFailure("command", `${program} is not installed`, cure));
    }
    const said = stderr.trim().split("\n").slice(-3).join("; ").slice(0, 500);
    const isFull = /no space left/i.test(said);
    reject(new WorkFailure(isFull ? "space" : "command", `${program} failed: ${said}`));
  });
  return promise;
}

function variablesOf({
  host,
  port,
  user,
  password,
  database,
  sslmode,
}: PostgresConnection): Record<string, string> {
  const variables = {
    PGHOST: host,
    PGPORT: port === undefined ? undefined : String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: sslmode,
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}
