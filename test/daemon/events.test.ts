import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { eventIds, eventOfJob, markOf } from "../../src/daemon/events.ts";

const run = promisify(execFile);
const catalogue = "systemd/sails-supervisor.catalog";

test("each event has an id of its own, and is explained", async () => {
  const text = await readFile(catalogue, "utf8");
  const explained = [...text.matchAll(/^-- ([0-9a-f]{32})$/gm)].map(([, id]) => id);
  expect(new Set(explained)).toEqual(new Set(Object.values(eventIds)));
  expect(new Set(explained).size).toBe(explained.length);
});

test("what the catalogue speaks of are fields that each event has", async () => {
  const text = await readFile(catalogue, "utf8");
  const known = Object.keys(markOf({ kind: "stalled" }).fields);
  const used = [...text.matchAll(/@([A-Z_]+)@/g)].map(([, name]) => name);
  expect(used.filter((name) => name === undefined || !known.includes(name))).toEqual([]);
  expect(used.length).toBeGreaterThan(0);
});

test("systemd takes the catalogue", async (ctx) => {
  const root = await mkdtemp(join(tmpdir(), "sails-catalogue-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const folder = join(root, "usr/lib/systemd/catalog");
  await mkdir(folder, { recursive: true });
  await mkdir(join(root, "var/lib/systemd/catalog"), { recursive: true });
  await writeFile(join(folder, "sails-supervisor.catalog"), await readFile(catalogue, "utf8"));
  const made = await run("journalctl", ["--update-catalog", `--root=${root}`]).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if ("code" in made && made.code === "ENOENT") ctx.skip("journalctl is not on this machine");
  expect(made).toMatchObject({ stderr: "" });
  const { stdout } = await run("journalctl", ["--list-catalog", `--root=${root}`]);
  expect(stdout.trim().split("\n")).toHaveLength(Object.keys(eventIds).length);
});

test("a job that has failed is an event, and nothing else that jobs say", () => {
  expect(eventOfJob("job backup has failed after 2 s: the disk is full: no. Free some")).toEqual({
    kind: "job-failed",
    of: "backup",
    reason: "the disk is full: no. Free some",
  });
  expect(eventOfJob("job backup: begins")).toBeUndefined();
});
