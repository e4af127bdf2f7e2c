/** A backup put in the place of a database, by the real process. */
import { copyFile, readdir, stat, truncate, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { countRuns, makeDatabase, makeFolder, work } from "./database-folder.ts";

test("the former one stays beside it, with all that was in its log", async () => {
  await using folder = await makeFolder();
  const database = folder.in("prefect.db");
  makeDatabase(folder.in("backup.db"), 7).exec("PRAGMA journal_mode = DELETE");
  // Left as a server leaves it that was killed: the rows are in the log alone.
  using old = makeDatabase(folder.in("old.db"), 3);
  for (const suffix of ["", "-wal", "-shm"])
    await copyFile(folder.in(`old.db${suffix}`), database + suffix);
  old.close();
  expect((await stat(`${database}-wal`)).size).toBeGreaterThan(0);

  expect(await work({ kind: "stage", file: folder.in("backup.db"), database })).toMatchObject({
    kind: "staged",
    contents: { flowRuns: 7 },
  });
  expect(countRuns(database)).toBe(3);
  const swapped = await work({ kind: "swap", database });
  if (swapped.kind !== "restored") throw new Error(JSON.stringify(swapped));
  expect(countRuns(database)).toBe(7);
  expect(countRuns(swapped.kept ?? "")).toBe(3);
  expect(swapped.kept).toMatch(/prefect\.db\.before-restore-\d{4}-.*Z$/);
  expect(((await stat(database)).mode & 0o777).toString(8)).toBe("600");
});

test("where there is none yet, it is simply there", async () => {
  await using folder = await makeFolder();
  makeDatabase(folder.in("backup.db"), 7).exec("PRAGMA journal_mode = DELETE");
  const database = folder.in("prefect.db");
  await work({ kind: "stage", file: folder.in("backup.db"), database });
  expect(await work({ kind: "swap", database })).toEqual({ kind: "restored" });
  expect(countRuns(database)).toBe(7);
});

test("a database that somebody has open is not replaced", async () => {
  await using folder = await makeFolder();
  const database = folder.in("prefect.db");
  using open = makeDatabase(database, 3);
  makeDatabase(folder.in("backup.db"), 7).exec("PRAGMA journal_mode = DELETE");
  await work({ kind: "stage", file: folder.in("backup.db"), database });
  expect(await work({ kind: "swap", database })).toMatchObject({
    kind: "failed",
    why: `another process still has ${database} open, so it stays as it is`,
  });
  expect(open.prepare("SELECT count(*) AS n FROM flow_run").get()).toEqual({ n: 3 });
});

test("one that is damaged is put aside as it is, log and all", async () => {
  await using folder = await makeFolder();
  const database = folder.in("prefect.db");
  await writeFile(database, "scribbled over, all of it");
  await writeFile(`${database}-wal`, "its log");
  makeDatabase(folder.in("backup.db"), 7).exec("PRAGMA journal_mode = DELETE");
  await work({ kind: "stage", file: folder.in("backup.db"), database });
  const swapped = await work({ kind: "swap", database });
  expect(swapped.kind).toBe("restored");
  expect(countRuns(database)).toBe(7);
  const beside = (await readdir(folder.path)).filter((name) => name.includes("before-restore"));
  expect(beside.map((name) => name.replace(/.*Z/, "Z")).toSorted()).toEqual(["Z", "Z-wal"]);
});

test("what is damaged, or no backup, is refused, and nothing of it is left", async () => {
  await using folder = await makeFolder();
  const database = folder.in("prefect.db");
  makeDatabase(folder.in("torn.db"), 5_000).exec("PRAGMA journal_mode = DELETE");
  await truncate(folder.in("torn.db"), (await stat(folder.in("torn.db"))).size - 8192);
  await writeFile(folder.in("notes.txt"), "no backup");
  for (const name of ["torn.db", "notes.txt"]) {
    const file = folder.in(name);
    expect(await work({ kind: "verify", file })).toMatchObject({ reason: "verify" });
  }
  expect(await work({ kind: "stage", file: folder.in("torn.db"), database })).toMatchObject({
    kind: "failed",
    reason: "verify",
  });
  expect((await readdir(folder.path)).filter((name) => name.startsWith("prefect"))).toEqual([]);
});

test("a database in use is no backup: what is in its log would be lost", async () => {
  await using folder = await makeFolder();
  using _open = makeDatabase(folder.in("live.db"), 3);
  const reply = await work({ kind: "verify", file: folder.in("live.db") });
  expect(reply).toMatchObject({
    reason: "verify",
    why: expect.stringContaining("a database in use"),
  });
});
