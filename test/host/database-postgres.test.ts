/** Dumps of a real PostgreSQL, and their way back. */
import { readFile, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { startPostgres } from "../support/postgres.ts";
import { makeFolder, work } from "./database-folder.ts";

test("what was there comes back, and what was there last is kept", async (ctx) => {
  await using postgres = await startPostgres();
  if (postgres === undefined) {
    ctx.skip("there is no PostgreSQL here that may be started");
    return;
  }
  await using folder = await makeFolder();
  const { port, sql } = postgres;
  await sql("postgres", "CREATE ROLE prefect SUPERUSER LOGIN");
  await sql("postgres", "CREATE DATABASE prefect OWNER prefect");
  await sql(
    "prefect",
    `CREATE TABLE flow_run (id int); INSERT INTO flow_run SELECT generate_series(1, 7);
     CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a3b9c7d2e5f1')`,
  );
  const connection = {
    host: "127.0.0.1",
    port,
    user: "prefect",
    password: postgres.password,
    database: "prefect",
    sslmode: undefined,
  };
  const made = await work({
    kind: "backup",
    directory: folder.in("backups"),
    keep: 2,
    sources: [{ kind: "postgres", name: "prefect", connection }],
  });
  if (made.kind !== "backed-up") throw new Error(JSON.stringify(made));
  expect(made.failures).toEqual([]);
  const file = made.backups[0]?.file ?? "";
  expect(file).toMatch(/prefect-.*Z\.dump$/);
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600");
  expect(await readFile(file, "latin1")).not.toContain(postgres.password);
  expect(await work({ kind: "verify", file })).toMatchObject({
    kind: "verified",
    contents: { format: "postgres", revision: "a3b9c7d2e5f1" },
  });

  await sql("prefect", "DELETE FROM flow_run; CREATE TABLE later (id int)");
  const restored = await work({
    kind: "restore-postgres",
    file,
    connection,
    directory: folder.in("backups"),
  });
  expect(restored).toMatchObject({
    kind: "restored",
    kept: expect.stringMatching(/before-restore-.*Z\.dump$/),
  });
  expect(await sql("prefect", "SELECT count(*) FROM flow_run")).toBe("7");
});

test("a server that is not there fails the backup in words, without the password", async (ctx) => {
  await using folder = await makeFolder();
  const connection = {
    host: "127.0.0.1",
    port: 1,
    user: "prefect",
    password: "hunter2",
    database: "prefect",
    sslmode: undefined,
  };
  const made = await work({
    kind: "backup",
    directory: folder.in("backups"),
    keep: 2,
    sources: [{ kind: "postgres", name: "prefect", connection }],
  });
  if (made.kind !== "backed-up") throw new Error(JSON.stringify(made));
  const [failure] = made.failures;
  if (failure?.why.includes("is not installed")) ctx.skip("pg_dump is not installed");
  expect(failure?.reason).toBe("command");
  expect(failure?.why).toContain("Connection refused");
  expect(JSON.stringify(made)).not.toContain("hunter2");
});
