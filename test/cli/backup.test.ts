import { describe, expect, test } from "vitest";
import type { JobEnd } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import type { JobStatus } from "../../src/control/status.ts";
import { FakePlane, flowRun, statusOf } from "../control/support/fake-plane.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";
import { fakeContext, withDaemon } from "./support/fake-context.ts";

const since = "2026-01-01T12:00:00.000Z";

const job = (name: string, changes: Partial<JobStatus> = {}): JobStatus => ({
  name,
  cron: null,
  timezone: null,
  running: null,
  last: null,
  lastSuccess: null,
  next: null,
  ...changes,
});

const ended = (result: "succeeded" | "failed", message: string): JobStatus["last"] => ({
  result,
  startedAt: since,
  tookMs: 1200,
  reason: result === "failed" ? "space" : null,
  message,
  cure: result === "failed" ? "free some" : null,
});

/** A daemon whose jobs end, in this way, as soon as they are begun. */
function plane(name: string, last: JobStatus["last"]): FakePlane {
  const asked = new FakePlane(statusOf([]));
  asked.jobOrder = { kind: "started", job: name, since };
  asked.act = () => {
    asked.now = statusOf([], { jobs: [job(name, { last })] });
  };
  return asked;
}

const good = ended("succeeded", "made /backups/prefect-2026-01-01T12-00-00Z.db (9.0 MB)");
const bad = ended("failed", "there is no space left for /backups");

describe("backup", () => {
  test("tells what was made", async () => {
    const asked = plane("backup", good);
    const { run, context } = await withDaemon(asked);
    expect(await run("backup")).toBe(0);
    expect(asked.asked).toEqual([["job", "backup"]]);
    expect(context.out.text).toBe("made /backups/prefect-2026-01-01T12-00-00Z.db (9.0 MB)\n");
  });

  test("tells why none was made, and what to do", async () => {
    const { run, context } = await withDaemon(plane("backup", bad));
    expect(await run("backup")).toBe(1);
    expect(context.err.text).toBe(
      "error: there is no space left for /backups\nWhat to do: free some.\n",
    );
  });

  test("as JSON", async () => {
    const { run, context } = await withDaemon(plane("backup", bad));
    expect(await run("backup", "--json")).toBe(1);
    expect(JSON.parse(context.out.text)).toEqual({ version: 1, job: "backup", ...bad });
  });

  test("one that is under way is not begun again", async () => {
    const asked = plane("backup", good);
    asked.jobOrder = { kind: "busy", job: "restore", since };
    const { run, context } = await withDaemon(asked);
    expect(await run("backup")).toBe(1);
    expect(context.err.text).toContain(`the job restore runs since ${since}`);
  });

  test("a daemon that begins anew meanwhile is said", async () => {
    const asked = plane("backup", null);
    const { run, context } = await withDaemon(asked);
    expect(await run("backup")).toBe(1);
    expect(context.err.text).toContain("what came of it is not known");
  });
});

describe("backup list", () => {
  test("the newest first, and where they are", async () => {
    const asked = plane("backup", good);
    const backups = [3, 2].map((day) => ({
      file: `/backups/prefect-2026-01-0${day}T03-17-00Z.db`,
      database: "prefect",
      takenAt: `2026-01-0${day}T03:17:00.000Z`,
      bytes: 9_000_000,
    }));
    asked.listed = { kind: "done", version: 1, directory: "/backups", backups };
    const { run, context } = await withDaemon(asked);
    expect(await run("backup", "list")).toBe(0);
    expect(context.out.text).toMatch(
      /^BACKUP +SIZE +TAKEN\nprefect-2026-01-03T03-17-00Z\.db +8\.6 MiB +.* ago\nprefect-2026-01-02/,
    );
    expect(context.out.text).toContain("They are in /backups.");
    const again = await withDaemon(asked);
    expect(await again.run("backup", "list", "--json")).toBe(0);
    expect(JSON.parse(again.context.out.text)).toEqual({
      version: 1,
      directory: "/backups",
      backups,
    });
  });

  test("a folder that does not answer", async () => {
    const asked = plane("backup", good);
    asked.listed = { kind: "failed", why: "it was not done within 30 s" };
    const { run, context } = await withDaemon(asked);
    expect(await run("backup", "list")).toBe(1);
    expect(context.err.text).toContain("not done within 30 s");
  });
});

const verified = {
  kind: "done",
  file: "/backups/a.db",
  format: "sqlite",
  bytes: 9_000_000,
  revision: "a3b9c7d2e5f1",
  flowRuns: 7,
} as const;

describe("backup verify", () => {
  test("one that is good", async () => {
    const asked = plane("backup", good);
    asked.verified = verified;
    const { run, context } = await withDaemon(asked);
    expect(await run("backup", "verify", "/backups/a.db")).toBe(0);
    expect(context.out.text).toBe(
      "/backups/a.db is intact: 8.6 MiB, 7 flow runs, revision a3b9c7d2e5f1\n",
    );
  });

  test("one that is not", async () => {
    const { run, context } = await withDaemon(plane("backup", good));
    expect(await run("backup", "verify", "/backups/a.db")).toBe(4);
    expect(context.err.text).toBe("error: it is damaged\n");
  });
});

describe("backup restore", () => {
  const restored = ended("succeeded", "/backups/a.db is the database now");

  test("says what becomes of flow runs, asks, and does it", async () => {
    const asked = plane("restore", restored);
    asked.verified = verified;
    asked.flowRuns = [flowRun("calm-otter")];
    const questions: string[] = [];
    const confirm = async (question: string) => questions.push(question) > 0;
    const { run, context } = await withDaemon(asked, { isTerminal: true, confirm });
    expect(await run("backup", "restore", "/backups/a.db")).toBe(0);
    expect(context.err.text).toContain(
      "1 flow run is under way here: calm-otter. They go on, and wait for the server.",
    );
    expect(questions).toEqual(["Go on?"]);
    expect(asked.asked).toEqual([
      ["verify", "/backups/a.db"],
      ["restore", "/backups/a.db"],
    ]);
    expect(context.out.text).toContain("/backups/a.db is the database now");
  });

  test("a no is a no", async () => {
    const asked = plane("restore", restored);
    asked.verified = verified;
    const confirm = async () => false;
    const { run } = await withDaemon(asked, { isTerminal: true, confirm });
    expect(await run("backup", "restore", "/backups/a.db")).toBe(1);
    expect(asked.asked).toEqual([["verify", "/backups/a.db"]]);
  });

  test("where nobody can be asked it needs --yes", async () => {
    const asked = plane("restore", restored);
    asked.verified = verified;
    const { run, context } = await withDaemon(asked);
    expect(await run("backup", "restore", "/backups/a.db")).toBe(1);
    expect(context.err.text).toContain("run it again with --yes");
    expect(await run("backup", "restore", "/backups/a.db", "--yes")).toBe(0);
  });

  test("while flow runs are under way it needs --force beside --yes", async () => {
    const asked = plane("restore", restored);
    asked.verified = verified;
    asked.flowRuns = [flowRun("calm-otter"), flowRun("shy-crane")];
    const { run, context } = await withDaemon(asked);
    expect(await run("backup", "restore", "/backups/a.db", "--yes")).toBe(1);
    expect(context.err.text).toContain(
      "error: nothing was done, for 2 flow runs are under way here: calm-otter, shy-crane\nWhat to do: wait until",
    );
    expect(await run("backup", "restore", "/backups/a.db")).toBe(1);
    expect(context.err.text).toContain("run it again with --yes --force");
    expect(asked.asked.map(([what]) => what)).toEqual(["verify", "verify"]);
    expect(await run("backup", "restore", "/backups/a.db", "--yes", "--force")).toBe(0);
  });

  test("a daemon that has died leaves flow runs, for which it needs --force, too", async () => {
    const restores: string[] = [];
    const database = {
      living: ["0198c2a4"],
      verify: async () => verified,
      restore: async (file: string) => {
        restores.push(file);
        return { ...restored, reason: null, cure: null, result: "succeeded" } as JobEnd;
      },
      backup: () => Promise.reject(new Error("not in this test")),
      list: () => Promise.reject(new Error("not in this test")),
      [Symbol.dispose]: () => undefined,
    };
    const context = fakeContext({
      env: { SAILS_STATE_DIR: temporaryFolder() },
      openDatabase: async () => ({ kind: "opened", database }),
    });
    const run = (...words: readonly string[]) => runCli(context, words);
    expect(await run("backup", "restore", "/backups/a.db", "--yes")).toBe(1);
    expect(context.err.text).toContain(
      "nothing was done, for 1 flow run is under way here: 0198c2a4",
    );
    expect(restores).toEqual([]);
    expect(await run("backup", "restore", "/backups/a.db", "--yes", "--force")).toBe(0);
    expect(restores).toEqual(["/backups/a.db"]);
  });

  test("what is damaged is refused before anybody is asked", async () => {
    const asked = plane("restore", restored);
    const { run } = await withDaemon(asked);
    expect(await run("backup", "restore", "/backups/a.db", "--yes")).toBe(1);
    expect(asked.asked).toEqual([["verify", "/backups/a.db"]]);
  });
});
