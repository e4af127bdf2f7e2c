/** Jobs of the real daemon, without a Prefect: from outside, over restarts and a kill. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ControlClient } from "../../src/control/client.ts";
import type { JobStatus } from "../../src/control/status.ts";
import { makeDatabase } from "../host/database-folder.ts";
import { type DaemonProcess, Workplace } from "../support/daemon-process.ts";

const { signal } = new AbortController();
const yearly = "0 0 1 1 *";

async function untilJob(
  place: Workplace,
  name: string,
  holds: (job: JobStatus) => boolean,
): Promise<JobStatus> {
  const client = new ControlClient(place.stateDir);
  // A job is no unit: nothing but the status tells of it.
  for await (const answer of client.statuses(50, signal)) {
    if (answer.kind !== "answered") throw new Error(answer.why);
    const job = answer.value.jobs.find((one) => one.name === name);
    if (job !== undefined && holds(job)) return job;
  }
  throw new Error("there are no more statuses");
}

const order = (place: Workplace, name: string) =>
  new ControlClient(place.stateDir).runJob(name, signal);

async function begin(
  jobs: (place: Workplace) => object,
): Promise<{ place: Workplace; daemon: DaemonProcess }> {
  const place = await Workplace.make({});
  await place.configure({
    server: { enabled: false },
    services: [{ name: "idle", command: ["sleep", "1000"] }],
    jobs: jobs(place),
  });
  const daemon = place.start();
  await daemon.untilReady();
  return { place, daemon };
}

test("a command: its output is in the log, its failure in status, metrics and problems, also after a restart", async () => {
  const script = "echo looks at the stars; echo clouds >&2; exit 3";
  const { place, daemon } = await begin(() => ({
    custom: [{ name: "stars", cron: yearly, command: ["/bin/sh", "-c", script] }],
  }));
  await using _ = place;
  expect((await daemon.status()).jobs).toMatchObject([
    { name: "stars", cron: yearly, timezone: "UTC", running: null, last: null, lastSuccess: null },
  ]);
  expect(await order(place, "star")).toMatchObject({
    value: { kind: "unknown-job", known: ["backup", "stars"] },
  });
  expect(await order(place, "stars")).toMatchObject({ value: { kind: "started" } });
  const { last } = await untilJob(place, "stars", (job) => job.last !== null);
  expect(last).toMatchObject({ result: "failed", reason: "command" });
  expect(last?.message).toContain("/bin/sh exited with status 3");
  expect(daemon.output).toContain("job@stars: looks at the stars");
  const metrics = await (await fetch(`${place.webUrl}/metrics`)).text();
  expect(metrics).toContain('sails_job_failures_total{job_name="stars",reason="command"} 1');
  const text = await place.run("status");
  expect(text.stdout).toMatch(/^stars\s+failed/m);
  expect(await daemon.end("SIGTERM")).toBe(0);

  const next = place.start();
  await next.untilReady();
  const { jobs, problems } = await next.status();
  expect(jobs[0]?.last).toEqual(last);
  expect(problems.map(({ id }) => id)).toEqual(["job:stars"]);
  expect(await (await fetch(place.webUrl)).text()).toContain("exited with status 3");
});

test("what was due while no daemon ran is done once, when the next one comes", async () => {
  const { place, daemon } = await begin(() => ({
    custom: [{ name: "stars", cron: "@hourly", command: ["/bin/true"] }],
  }));
  await using _ = place;
  expect(await daemon.end("SIGTERM")).toBe(0);
  const file = join(place.stateDir, "state.json");
  const state = JSON.parse(await readFile(file, "utf8")) as { jobs: { stars: { next: string } } };
  const written = state.jobs.stars.next;
  const yesterday = new Date(Date.parse(written) - 24 * 3_600_000).toISOString();
  await writeFile(file, JSON.stringify(state).replaceAll(written, yesterday));
  const next = place.start();
  const { last } = await untilReadyJob(next, place);
  expect(last).toMatchObject({ result: "succeeded" });
  expect(next.output).toContain("job stars: was due at");
});

async function untilReadyJob(daemon: DaemonProcess, place: Workplace): Promise<JobStatus> {
  await daemon.untilReady();
  return untilJob(place, "stars", (job) => job.last !== null);
}

test("a backup that a kill of the daemon cuts short is made again, and leaves no half a one", async () => {
  const { place, daemon } = await begin((where) => ({
    backup: {
      cron: yearly,
      directory: join(where.directory, "backups"),
      databases: [join(where.directory, "sky.db")],
    },
  }));
  await using _ = place;
  makeDatabase(join(place.directory, "sky.db"), 150_000, 900).close();
  await order(place, "backup");
  await untilJob(place, "backup", (job) => job.running?.step?.startsWith("copying") === true);
  await daemon.end("SIGKILL");
  const next = place.start();
  await next.untilReady();
  const { last } = await untilJob(place, "backup", (job) => job.last !== null);
  expect(last).toMatchObject({ result: "succeeded" });
  const names = () => readdir(join(place.directory, "backups"));
  const whole = (await names()).filter((name) => !name.startsWith("."));
  expect(whole).toEqual([expect.stringMatching(/^sky-.*Z\.db$/)]);
  // The first may have been dying when the second looked.
  expect((await place.run("backup")).status).toBe(0);
  expect((await names()).filter((name) => name.startsWith("."))).toEqual([]);
});

test("a backup into a folder that is not there says so, and the next one is good", async () => {
  const { place } = await begin((where) => ({
    backup: {
      directory: join(where.directory, "volume/backups"),
      databases: [join(where.directory, "sky.db")],
    },
  }));
  await using _ = place;
  makeDatabase(join(place.directory, "sky.db"), 10).close();
  const failed = await place.run("backup");
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain("the folder above it is not there");
  await mkdir(join(place.directory, "volume"));
  const good = await place.run("backup", "--json");
  expect(good.status).toBe(0);
  expect(JSON.parse(good.stdout)).toMatchObject({ version: 1, job: "backup", result: "succeeded" });
});
