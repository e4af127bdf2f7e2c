/** What becomes of a daemon whose backups have no room, or a folder that does not answer. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countRuns, makeDatabase } from "../host/database-folder.ts";
import { Workplace } from "../support/daemon-process.ts";
import { HungMount, whyNoMounts } from "../support/hung-mount.ts";
import { mountSmallDisk } from "../support/small-disk.ts";

const yearly = "0 0 1 1 *";

const configOf = (place: Workplace, directory: string, timeout = "1h") => ({
  server: { enabled: false },
  services: [{ name: "idle", command: ["sleep", "100000"] }],
  jobs: {
    backup: { cron: yearly, directory, timeout, databases: [join(place.directory, "sky.db")] },
    custom: [{ name: "stars", cron: yearly, command: ["/bin/true"] }],
  },
});

test("a disk that is too small: a problem with figures, the old backup stays, and there is one when there is room", async (ctx) => {
  await using place = await Workplace.make({});
  using disk = mountSmallDisk(join(place.directory, "disk"), "20m", ctx);
  await place.configure(configOf(place, disk.path));
  using database = makeDatabase(join(place.directory, "sky.db"), 10);
  const daemon = place.start();
  await daemon.untilReady();
  expect((await place.run("jobs", "run", "backup")).status).toBe(0);
  const [old = ""] = await readdir(disk.path);

  database.exec(`WITH RECURSIVE n(i) AS (SELECT 11 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
    INSERT INTO flow_run SELECT i, 'run-' || i, randomblob(300) FROM n`);
  const full = await place.run("jobs", "run", "backup");
  expect(full.status).toBe(1);
  expect(full.stderr).toMatch(/\/disk has \d+ MB left, and \d\d MB are needed\n/);
  expect(full.stderr).toContain("What to do: free some, keep fewer backups");
  expect(await readdir(disk.path)).toEqual([old]);
  const { problems } = await daemon.status();
  expect(problems).toMatchObject([{ id: "job:backup", what: expect.stringContaining("needed") }]);
  expect((await place.run("jobs")).status).toBe(4);
  expect(countRuns(join(disk.path, old))).toBe(10);

  disk.remount("size=80m");
  expect((await place.run("jobs", "run", "backup")).status).toBe(0);
  const made = (await readdir(disk.path)).find((name) => name !== old) ?? "";
  expect(countRuns(join(disk.path, made))).toBe(60_000);
  expect((await daemon.status()).problems).toEqual([]);
  expect((await place.run("jobs")).status).toBe(0);
  // Before its disk goes.
  await daemon.end("SIGTERM");
});

test("a folder on a mount that hangs: nothing but the backup waits, not even the end and the next daemon", async (ctx) => {
  const why = whyNoMounts();
  if (why !== undefined) ctx.skip(why);
  const mount = await HungMount.make();
  await using place = await Workplace.make({});
  await place.configure(configOf(place, mount.path, "2s"));
  makeDatabase(join(place.directory, "sky.db"), 10).close();
  await mount.hang();
  const daemon = place.start();
  await daemon.untilReady();
  await mount.asked();

  const backup = place.run("jobs", "run", "backup");
  expect((await place.run("jobs", "run", "stars")).status).toBe(0);
  const before = await daemon.unit("service@idle");
  expect((await place.run("restart", "service@idle")).status).toBe(0);
  expect((await daemon.unit("service@idle")).pid).not.toBe(before.pid);
  const failed = await backup;
  expect(failed.status).toBe(1);
  expect(failed.stderr).toMatch(/the file system does not answer|file system that does not answer/);
  expect((await daemon.status()).problems.map(({ id }) => id)).toEqual(["job:backup"]);
  const listed = await place.run("backup", "list");
  expect(listed.status).toBe(1);
  expect(listed.stderr).toContain("file system that does not answer");
  expect(await daemon.end("SIGTERM")).toBe(0);

  const next = place.start();
  await next.untilReady();
  await mount.goAway();
  // Its first look comes back with an error now.
  let again = await place.run("jobs", "run", "backup");
  while (again.stderr.includes("an earlier one")) again = await place.run("jobs", "run", "backup");
  expect(again).toMatchObject({ status: 0, stderr: "" });
  expect((await next.status()).problems).toEqual([]);
  // What the mount hid.
  for (const name of await readdir(mount.path)) await rm(join(mount.path, name));
});
