import { describe, expect, test } from "vitest";
import type { JobStatus } from "../../src/control/status.ts";
import { FakePlane, statusOf } from "../control/support/fake-plane.ts";
import { withDaemon } from "./support/fake-context.ts";

const since = "2026-01-01T12:00:00.000Z";

const good: JobStatus["last"] = {
  result: "succeeded",
  startedAt: since,
  tookMs: 1_200,
  reason: null,
  message: "3 flow runs and 1 workers deleted",
  cure: null,
};
const bad: JobStatus["last"] = {
  ...good,
  result: "failed",
  reason: "command",
  message: "/home/ubuntu/bin/report exited with status 3",
  cure: "its output is in the log as job@report",
};

const job = (name: string, changes: Partial<JobStatus> = {}): JobStatus => ({
  name,
  cron: "17 3 * * *",
  timezone: "UTC",
  running: null,
  last: null,
  lastSuccess: null,
  next: "2099-01-02T03:17:00.000Z",
  ...changes,
});

const plane = (...jobs: readonly JobStatus[]): FakePlane =>
  new FakePlane(statusOf([], { jobs: [...jobs] }));

describe("jobs", () => {
  test("when each is due, what came of it, and how long it took", async () => {
    const asked = plane(job("retention", { last: good, lastSuccess: since }), job("report"));
    const { run, context } = await withDaemon(asked);
    expect(await run("jobs")).toBe(0);
    const { text } = context.out;
    expect(text).toMatch(/^JOB +RESULT +BEGUN +NEXT\nretention +succeeded +.* ago +in /);
    expect(text).toContain("\n    3 flow runs and 1 workers deleted (took 1 s)\n");
    expect(text).toContain("\n    at 17 3 * * * UTC: the next is 2099-01-02 03:17 UTC\n");
    expect(text).toMatch(/\nreport +not yet +never +in /);
    expect(text).not.toContain("last succeeded");
  });

  test("one that has failed: why, what to do, since when, and status 4", async () => {
    const { run, context } = await withDaemon(plane(job("report", { last: bad })));
    expect(await run("jobs")).toBe(4);
    const { text } = context.out;
    expect(text).toContain("report exited with status 3");
    expect(text).toContain("\n    What to do: its output is in the log as job@report\n");
    expect(text).toContain("\n    last succeeded: never\n");
  });

  test("a restore that has failed was told to whoever ordered it, and is no job to do again", async () => {
    const jobs = [job("backup", { last: good }), job("restore", { cron: null, last: bad })];
    const { run, context } = await withDaemon(plane(...jobs));
    expect(await run("jobs")).toBe(0);
    expect(context.out.text).toMatch(/^restore +failed/m);
    const asked = await withDaemon(plane(...jobs));
    expect(await asked.run("__complete", "jobs")).toBe(0);
    expect(asked.context.out.text).toBe("backup\n");
  });

  test("as JSON, as the status has them", async () => {
    const jobs = [job("report", { last: bad })];
    const { run, context } = await withDaemon(plane(...jobs));
    expect(await run("jobs", "--json")).toBe(4);
    expect(JSON.parse(context.out.text)).toEqual({ version: 1, jobs });
  });

  test("none", async () => {
    const { run, context } = await withDaemon(plane());
    expect(await run("jobs")).toBe(0);
    expect(context.out.text).toContain("No jobs are declared.");
  });
});

describe("jobs run", () => {
  /** A daemon whose job ends in this way as soon as it is begun. */
  function ending(last: JobStatus["last"]): FakePlane {
    const asked = plane(job("report"));
    asked.jobOrder = { kind: "started", job: "report", since };
    asked.act = () => void (asked.now = statusOf([], { jobs: [job("report", { last })] }));
    return asked;
  }

  test("is followed to its end", async () => {
    const asked = ending(good);
    const { run, context } = await withDaemon(asked);
    expect(await run("jobs", "run", "report")).toBe(0);
    expect(asked.asked).toEqual([["job", "report"]]);
    expect(context.out.text).toBe("3 flow runs and 1 workers deleted\n");
  });

  test("one that fails, with its cure", async () => {
    const { run, context } = await withDaemon(ending(bad));
    expect(await run("jobs", "run", "report")).toBe(1);
    expect(context.err.text).toBe(
      "error: /home/ubuntu/bin/report exited with status 3\nWhat to do: its output is in the log as job@report.\n",
    );
    const again = await withDaemon(ending(bad));
    expect(await again.run("jobs", "run", "report", "--json")).toBe(1);
    expect(JSON.parse(again.context.out.text)).toEqual({ version: 1, job: "report", ...bad });
  });

  test("is not waited for with --no-wait", async () => {
    const running = { since, step: null };
    const asked = plane(job("report", { running }));
    asked.jobOrder = { kind: "started", job: "report", since };
    const { run, context } = await withDaemon(asked);
    expect(await run("jobs", "run", "report", "--no-wait")).toBe(0);
    expect(context.out.text).toContain("report has begun");
    const again = await withDaemon(asked);
    expect(await again.run("jobs", "run", "report", "--no-wait", "--json")).toBe(0);
    expect(JSON.parse(again.context.out.text)).toEqual({ version: 1, job: "report", since });
  });

  test("one that nobody knows: which there are", async () => {
    const asked = plane(job("report"));
    asked.jobOrder = { kind: "unknown-job", name: "repor", known: ["backup", "report"] };
    const { run, context } = await withDaemon(asked);
    expect(await run("jobs", "run", "repor")).toBe(2);
    expect(context.err.text).toContain("no job is called repor. Did you mean report?");
    expect(context.err.text).toContain("The jobs: backup, report");
  });

  test("one that runs already is said", async () => {
    const asked = plane(job("report"));
    asked.jobOrder = { kind: "busy", job: "report", since };
    const { run, context } = await withDaemon(asked);
    expect(await run("jobs", "run", "report", "--no-wait")).toBe(1);
    expect(context.err.text).toContain(`the job report runs since ${since}`);
  });
});

test("names are completed", async () => {
  const { run, context } = await withDaemon(plane(job("backup"), job("report")));
  expect(await run("__complete", "jobs")).toBe(0);
  expect(context.out.text).toBe("backup\nreport\n");
});
