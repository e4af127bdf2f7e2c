/** A backup of a real Prefect's database while twenty write to it, and its way back. */
import { mkdir, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { BackupList } from "../../src/control/status.ts";
import { Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

const backupsOf = async (place: Workplace): Promise<BackupList> => {
  const { stdout, status } = await place.run("backup", "list", "--json");
  expect(status).toBe(0);
  return JSON.parse(stdout) as BackupList;
};

const countRuns = (apiUrl: string): Promise<number> => ask(apiUrl, "/flow_runs/count", {});

test.for(["survey", "prefect-3.6.4"])(
  "with %s: what was there at the time of the backup is there again, on an empty PREFECT_HOME too",
  async (name, ctx) => {
    const environment = environmentOf(name, ctx);
    await using place = await Workplace.make({});
    const home = join(place.directory, "home");
    await place.configure({
      prefect: { home },
      environment: { path: environment },
      server: { port: place.serverPort },
      pools: [{ name: "runs" }],
    });
    const daemon = place.start();
    await daemon.untilReady();
    const { apiUrl } = place;
    const flow = await askUntil(
      () => ask<{ id: string }>(apiUrl, "/flows/", { name: "load" }),
      () => true,
    );

    const load = new AbortController();
    let made = 0;
    const enough = Promise.withResolvers<void>();
    const write = async (): Promise<void> => {
      while (!load.signal.aborted) {
        const state = { type: "COMPLETED", name: "Completed" };
        // A server on SQLite refuses some of so many.
        await ask(apiUrl, "/flow_runs/", { flow_id: flow.id, state })
          .then(() => (made += 1))
          .catch(() => undefined);
        if (made >= 60) enough.resolve();
      }
    };
    const writers = Array.from({ length: 20 }, write);
    await enough.promise;
    const before = made;
    const backup = await place.run("backup");
    expect(backup.stderr).toBe("");
    expect(backup.status).toBe(0);
    expect(backup.stdout).toMatch(/^made .*\/prefect-\d{4}-\d\d-\d\dT.*Z\.db \(/);
    load.abort();
    await Promise.all(writers);
    const total = await countRuns(apiUrl);
    expect(total).toBeGreaterThan(before);

    const [only] = (await backupsOf(place)).backups;
    const file = only?.file ?? "";
    const verified = await place.run("backup", "verify", basename(file), "--json");
    const { flowRuns } = JSON.parse(verified.stdout) as { flowRuns: number };
    expect(flowRuns).toBeGreaterThanOrEqual(before);
    expect(flowRuns).toBeLessThanOrEqual(total);

    // Nobody is there to be asked.
    const unasked = await place.run("backup", "restore", basename(file));
    expect(unasked.status).toBe(1);
    expect(unasked.stderr).toContain("run it again with --yes");

    const pid = (await daemon.unit("server")).pid;
    const restored = await place.run("backup", "restore", basename(file), "--yes");
    expect(restored.stderr).toContain("Workers and server are stopped, and started again");
    expect(restored.stdout).toContain(`${file} is the database now, with ${flowRuns} flow runs`);
    expect(restored.status).toBe(0);
    const { ready } = await daemon.status();
    expect(ready).toBe(true);
    expect((await daemon.unit("server")).pid).not.toBe(pid);
    expect(await countRuns(apiUrl)).toBe(flowRuns);
    const kept = (await readdir(home)).filter((entry) => entry.includes("before-restore"));
    expect(kept).toHaveLength(1);

    const damaged = `${file}.damaged.db`;
    await place.run("backup", "list");
    const copy = new DatabaseSync(file, { readOnly: true });
    copy.exec(`VACUUM INTO '${damaged}'`);
    copy.close();
    await truncate(damaged, (await stat(damaged)).size - 8192);
    const refused = await place.run("backup", "restore", damaged, "--yes");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/is damaged|malformed/);
    await truncate(damaged, 0);
    const newer = new DatabaseSync(damaged);
    newer.exec(`ATTACH '${file}' AS good; CREATE TABLE alembic_version (version_num TEXT);
      INSERT INTO alembic_version VALUES ('ffffffffffff')`);
    newer.close();
    const unknown = await place.run("backup", "restore", damaged, "--yes");
    expect(unknown.stderr).toContain("a newer one has made it");
    expect((await daemon.status()).ready).toBe(true);

    // The disk of PREFECT_HOME is lost. Without a daemon, nothing is started.
    expect(await daemon.end("SIGTERM")).toBe(0);
    await rename(home, `${home}.lost`);
    await rm(`${home}.lost`, { recursive: true });
    const nowhere = await place.run("backup", "restore", basename(file), "--yes");
    expect(nowhere.status).toBe(1);
    expect(nowhere.stderr).toContain("is not there");
    await mkdir(home);
    const offline = await place.run("backup", "restore", basename(file), "--yes");
    expect(offline.stdout).toContain("is the database now");
    expect(offline.stderr).toContain("No daemon runs, so nothing was started");
    expect(offline.status).toBe(0);
    const next = place.start();
    await next.untilReady();
    expect(await countRuns(apiUrl)).toBe(flowRuns);
  },
);
