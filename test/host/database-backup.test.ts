/** Backups by the real process: of a database that is written to, on a full disk, killed on the way. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statfsSync, writeFileSync } from "node:fs";
import { chmod, mkdir, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { databaseChild } from "../../src/host/database/database-child.ts";
import { perform } from "../../src/host/database/perform.ts";
import type {
  DatabaseReply,
  DatabaseSource,
  DatabaseWork,
} from "../../src/prefect/ports-database.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import {
  countRuns,
  doWork,
  makeDatabase,
  makeFolder,
  work,
  workerCommand,
} from "./database-folder.ts";

const prefect = (file: string): DatabaseSource => ({ kind: "sqlite", name: "prefect", file });

const backupOf = (directory: string, ...sources: DatabaseSource[]): DatabaseWork => ({
  kind: "backup",
  directory,
  keep: 2,
  sources,
});

function madeBy(reply: DatabaseReply) {
  if (reply.kind !== "backed-up") throw new Error(JSON.stringify(reply));
  return reply;
}

test("one file, whole, for its owner alone, under a name that sorts by time", async () => {
  await using folder = await makeFolder();
  using database = makeDatabase(folder.in("prefect.db"), 500);
  const { backups, failures } = madeBy(
    await work(backupOf(folder.in("backups"), prefect(folder.in("prefect.db")))),
  );
  expect(failures).toEqual([]);
  const [backup] = backups;
  const file = backup?.file ?? "";
  expect(basename(file)).toMatch(/^prefect-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.db$/);
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600");
  expect(await readdir(folder.in("backups"))).toEqual([basename(file)]);
  expect(countRuns(file)).toBe(500);
  expect(await work({ kind: "verify", file })).toMatchObject({
    kind: "verified",
    contents: { format: "sqlite", flowRuns: 500, revision: "a3b9c7d2e5f1" },
  });
  // It was in nobody's way.
  database.exec("INSERT INTO flow_run (name) VALUES ('after')");
});

test("the revision of a database that is in use", async () => {
  await using folder = await makeFolder();
  using database = makeDatabase(folder.in("prefect.db"), 3);
  database.exec("BEGIN IMMEDIATE; INSERT INTO flow_run (name) VALUES ('half')");
  const revisionOf = (file: string) => work({ kind: "revision", file: folder.in(file) });
  expect(await revisionOf("prefect.db")).toEqual({ kind: "revision", revision: "a3b9c7d2e5f1" });
  expect(await revisionOf("none.db")).toMatchObject({ kind: "failed" });
});

test("a server that has stopped, and merged its log, is backed up too", async () => {
  await using folder = await makeFolder();
  makeDatabase(folder.in("prefect.db"), 3).close();
  const { backups, failures } = madeBy(
    await work(backupOf(folder.in("backups"), prefect(folder.in("prefect.db")))),
  );
  expect(failures).toEqual([]);
  expect(countRuns(backups[0]?.file ?? "")).toBe(3);
});

test("while it is written to without a pause, one moment of it is copied", async () => {
  await using folder = await makeFolder();
  const file = folder.in("prefect.db");
  makeDatabase(file, 20_000, 500).close();
  // Two rows in each transaction: a copy of half a one would have an odd number.
  const writer = spawn(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    "-e",
    `const { DatabaseSync } = require("node:sqlite");
     const database = new DatabaseSync(${JSON.stringify(file)}, { timeout: 60000 });
     console.log("writes");
     for (;;) database.exec("BEGIN IMMEDIATE; INSERT INTO flow_run (name) VALUES ('a'); INSERT INTO flow_run (name) VALUES ('b'); COMMIT");`,
  ]);
  const ended = once(writer, "exit");
  try {
    await once(createInterface({ input: writer.stdout }), "line");
    const { backups, failures } = madeBy(await work(backupOf(folder.in("backups"), prefect(file))));
    expect(failures).toEqual([]);
    const runs = countRuns(backups[0]?.file ?? "");
    expect(runs).toBeGreaterThanOrEqual(20_000);
    expect(runs % 2).toBe(0);
    expect(countRuns(file)).toBeGreaterThan(runs);
  } finally {
    writer.kill("SIGKILL");
    await ended;
  }
});

test("the newest are kept; what somebody else put there stays", async () => {
  await using folder = await makeFolder();
  makeDatabase(folder.in("prefect.db"), 1).close();
  await mkdir(folder.in("backups"));
  await writeFile(folder.in("backups", "notes.txt"), "");
  const request = backupOf(folder.in("backups"), prefect(folder.in("prefect.db")));
  const names = [];
  for (let round = 0; round < 4; round += 1) {
    const { backups } = madeBy(await work(request));
    names.push(...backups.map(({ file }) => basename(file)));
  }
  expect(new Set(names).size).toBe(4);
  expect((await readdir(folder.in("backups"))).toSorted()).toEqual([
    "notes.txt",
    ...names.slice(2),
  ]);
  const listed = await work({ kind: "list", directory: folder.in("backups") });
  expect(listed.kind === "listed" && listed.backups.map(({ file }) => basename(file))).toEqual(
    names.slice(2).toReversed(),
  );
});

test("of several databases, the failure of one does not cost the others", async () => {
  await using folder = await makeFolder();
  makeDatabase(folder.in("prefect.db"), 1).close();
  await writeFile(folder.in("notes.db"), "this is no database, however long it may be".repeat(50));
  const reply = madeBy(
    await work(
      backupOf(
        folder.in("backups"),
        { kind: "sqlite", name: "notes", file: folder.in("notes.db") },
        { kind: "sqlite", name: "gone", file: folder.in("gone.db") },
        prefect(folder.in("prefect.db")),
      ),
    ),
  );
  expect(reply.backups.map(({ database }) => database)).toEqual(["prefect"]);
  expect(reply.failures.map(({ reason, why }) => [reason, why])).toEqual([
    ["verify", `${folder.in("notes.db")} is damaged: file is not a database`],
    ["other", expect.stringContaining(`${folder.in("gone.db")} is not there`)],
  ]);
  expect(await readdir(folder.in("backups"))).toHaveLength(1);
});

test("a database that is damaged makes no backup that looks like a good one", async () => {
  await using folder = await makeFolder();
  const file = folder.in("prefect.db");
  makeDatabase(file, 5_000).close();
  await truncate(file, (await stat(file)).size - 3 * 4096);
  const { backups, failures } = madeBy(await work(backupOf(folder.in("backups"), prefect(file))));
  expect(backups).toEqual([]);
  expect(failures[0]?.reason).toBe("verify");
  expect(await readdir(folder.in("backups"))).toEqual([]);
});

test("the folder above must be there: a volume may be missing", async () => {
  await using folder = await makeFolder();
  makeDatabase(folder.in("prefect.db"), 1).close();
  const directory = folder.in("volume", "backups");
  const reply = await work(backupOf(directory, prefect(folder.in("prefect.db"))));
  expect(reply).toMatchObject({
    kind: "failed",
    why: `${directory} cannot be made, for the folder above it is not there`,
  });
});

test("killed in the middle, nothing has a final name, and the next one cleans up", async () => {
  await using folder = await makeFolder();
  const file = folder.in("prefect.db");
  makeDatabase(file, 100_000, 600).close();
  const request = backupOf(folder.in("backups"), prefect(file));
  const [program, ...args] = workerCommand;
  const worker = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(worker, "exit");
  const lines = createInterface({ input: worker.stdout });
  worker.stdin.write(`${JSON.stringify(request)}\n`);
  for await (const line of lines) {
    if (!line.includes("checking")) continue;
    worker.kill("SIGKILL");
    break;
  }
  await ended;
  const left = await readdir(folder.in("backups"));
  expect(left.filter((name) => name.endsWith(".part"))).toHaveLength(1);
  expect(await work({ kind: "list", directory: folder.in("backups") })).toEqual({
    kind: "listed",
    backups: [],
  });
  const { backups } = madeBy(await work(request));
  expect(await readdir(folder.in("backups"))).toEqual(
    backups.map((backup) => basename(backup.file)),
  );
});

test("who asked for it dies, and it ends too", async () => {
  await using folder = await makeFolder();
  const [program, ...args] = workerCommand;
  const worker = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const request: DatabaseWork = { kind: "verify", file: folder.in("fifo") };
  await once(spawn("mkfifo", [folder.in("fifo")]), "exit");
  worker.stdin.write(`${JSON.stringify(request)}\n`);
  worker.stdin.end();
  expect(await once(worker, "exit")).toEqual([null, "SIGKILL"]);
});

test("one that takes too long is ended; one that is told to stop, at once", async () => {
  await using folder = await makeFolder();
  const made = spawn("mkfifo", [folder.in("fifo")]);
  await once(made, "exit");
  const request = { kind: "verify", file: folder.in("fifo") } as const;
  const stop = new AbortController();
  const options = { signal: stop.signal, step: () => undefined };
  expect(await doWork(request, { ...options, timeoutMs: 1_500 })).toMatchObject({
    kind: "failed",
    reason: "timeout",
    why: "it was not done within 1.5 s",
  });
  const begun = doWork(request, { ...options, timeoutMs: 600_000 });
  stop.abort();
  expect(await begun).toMatchObject({ kind: "failed", why: "it was cut short" });
});

test("what cannot be ended is left alone: nobody waits for it", async () => {
  await using folder = await makeFolder();
  // As what waits for a file system does: its output stays open, whatever is sent.
  const stuck = databaseChild({
    command: ["/bin/sh", "-c", "setsid sleep 60 & sleep 60"],
    env: { PATH: "/usr/bin:/bin" },
  });
  const options = { signal: new AbortController().signal, step: () => undefined };
  const request = { kind: "list", directory: folder.path } as const;
  expect(await stuck(request, { ...options, timeoutMs: 200 })).toMatchObject({
    kind: "failed",
    reason: "timeout",
    why: expect.stringContaining("the file system does not answer"),
  });
});

test("a folder that must not be written to is named", async (ctx) => {
  if (process.getuid?.() === 0) ctx.skip("root may write everywhere");
  await using folder = await makeFolder();
  makeDatabase(folder.in("prefect.db"), 1).close();
  await mkdir(folder.in("backups"));
  await chmod(folder.in("backups"), 0o500);
  const reply = madeBy(
    await work(backupOf(folder.in("backups"), prefect(folder.in("prefect.db")))),
  );
  expect(reply.failures[0]?.why).toContain(`may not do that in ${folder.in("backups")}:`);
  expect(reply.failures[0]?.cure).toContain("right");
});

test("so is one that can only be read", async (ctx) => {
  await using folder = await makeFolder();
  makeDatabase(folder.in("prefect.db"), 1).close();
  using disk = mountSmallDisk(folder.in("small"), "40m", ctx);
  disk.remount("ro");
  const { failures } = madeBy(await work(backupOf(disk.path, prefect(folder.in("prefect.db")))));
  expect(failures[0]?.why).toContain(`${disk.path} can only be read`);
});

test("on a disk that is too small nothing is begun, and nothing staged", async (ctx) => {
  await using folder = await makeFolder();
  using disk = mountSmallDisk(folder.in("small"), "12m", ctx);
  const database = folder.in("prefect.db");
  makeDatabase(database, 40_000, 300).close();
  const large = madeBy(await work(backupOf(join(disk.path, "backups"), prefect(database))));
  expect(large.failures[0]).toMatchObject({
    reason: "space",
    why: expect.stringMatching(/has \d+ MB left, and \d+ MB are needed/),
  });
  expect(await readdir(join(disk.path, "backups"))).toEqual([]);
  expect(
    await work({ kind: "stage", file: database, database: join(disk.path, "x.db") }),
  ).toMatchObject({ kind: "failed", reason: "space" });
});

test("a disk that fills up on the way: said with the figures, the half copy gone, the old one there", async (ctx) => {
  await using folder = await makeFolder();
  using disk = mountSmallDisk(folder.in("small"), "40m", ctx);
  const database = folder.in("prefect.db");
  makeDatabase(folder.in("small.db"), 10).close();
  makeDatabase(database, 60_000, 300).close();
  const old = madeBy(await work(backupOf(disk.path, prefect(folder.in("small.db")))));
  const [before = ""] = old.backups.map(({ file }) => basename(file));
  const other = join(disk.path, "somebody's");
  // In this process, so that it happens between the look at the disk and the copy.
  const reply = madeBy(
    await perform(backupOf(disk.path, prefect(database)), (words) => {
      if (!words.startsWith("copying")) return;
      const { bavail, bsize } = statfsSync(disk.path);
      writeFileSync(other, Buffer.alloc(bavail * bsize - 5_000_000));
    }),
  );
  expect(reply.backups).toEqual([]);
  expect(reply.failures).toEqual([
    {
      kind: "failed",
      reason: "space",
      why: expect.stringMatching(
        /\/small filled up while the database prefect was copied: 3\d MB are needed, and 5 MB are left without the half copy$/,
      ),
      cure: expect.stringContaining("jobs.backup.keep"),
    },
  ]);
  expect((await readdir(disk.path)).toSorted()).toEqual([before, "somebody's"].toSorted());
  await rm(other);
  const next = madeBy(await work(backupOf(disk.path, prefect(database))));
  expect(countRuns(next.backups[0]?.file ?? "")).toBe(60_000);
});
