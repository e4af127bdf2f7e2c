import { setImmediate as settle } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import type { Job, JobOutcome, JobRun, RememberedJob } from "../../src/jobs/job.ts";
import { JobBoard } from "../../src/jobs/job-board.ts";
import type { JobEvent } from "../../src/jobs/job-runner.ts";
import { ms } from "../../src/supervision/time.ts";

const start = Date.parse("2026-11-25T00:00:00Z");
const hour = 3_600_000;

/** A calendar whose times come when the test says so: every full hour. */
class Rig {
  now = start;
  readonly remembered = new Map<string, RememberedJob>();
  readonly said: string[] = [];
  readonly events: string[] = [];
  readonly runs: (JobRun & { readonly end: (outcome: JobOutcome) => void })[] = [];
  readonly #due = new Set<(at: Date) => void>();

  /** A daemon, as it begins. */
  board(): JobBoard {
    return new JobBoard({
      calendar: {
        plan: async (_cron, _timezone, due) => {
          this.#due.add(due);
          const at = (): Date => new Date((Math.floor(this.now / hour) + 1) * hour);
          return {
            get next() {
              return at();
            },
            [Symbol.dispose]: () => void this.#due.delete(due),
          };
        },
      },
      memory: {
        read: (name) => this.remembered.get(name),
        write: async (name, remembered) => void this.remembered.set(name, remembered),
      },
      now: () => ms(this.now),
      wallClock: () => new Date(this.now),
      log: (level, message) => void this.said.push(`${level} ${message}`),
      observe: (name, event: JobEvent) => void this.events.push(`${name} ${event.kind}`),
    });
  }

  job(changes: Partial<Job> = {}): Job {
    return {
      name: "backup",
      spec: "",
      times: { cron: "0 * * * *", timezone: "UTC" },
      isRepeatable: true,
      perform: (run) => {
        const { promise, resolve } = Promise.withResolvers<JobOutcome>();
        run.signal.addEventListener("abort", () => resolve(cutShort));
        this.runs.push({ ...run, end: resolve });
        return promise;
      },
      ...changes,
    };
  }

  async passHour(): Promise<void> {
    this.now = (Math.floor(this.now / hour) + 1) * hour;
    for (const due of this.#due) due(new Date(this.now));
    await settle();
  }

  async end(outcome: JobOutcome = { kind: "succeeded", message: "done" }): Promise<void> {
    this.runs.at(-1)?.end(outcome);
    await settle();
  }

  get plans(): number {
    return this.#due.size;
  }
}

const cutShort: JobOutcome = {
  kind: "failed",
  reason: "other",
  message: "was cut short",
  cure: undefined,
};

let rig: Rig;
let board: JobBoard;
beforeEach(async () => {
  rig = new Rig();
  board = rig.board();
  await board.declare([rig.job()]);
});

const view = () => {
  const [only] = board.views;
  if (only === undefined) throw new Error("there is no job");
  return only;
};

test("it begins when it is due, and its result is known, also to the next daemon", async () => {
  expect(rig.runs).toEqual([]);
  expect(view().next).toEqual(new Date(start + hour));
  await rig.passHour();
  expect(rig.runs.map(({ due }) => due)).toEqual([new Date(start + hour)]);
  rig.runs[0]?.step("copying");
  expect(view().running).toEqual({ since: new Date(start + hour), step: "copying" });
  rig.now += 5_000;
  await rig.end({ kind: "succeeded", message: "made it" });
  const last = {
    kind: "succeeded",
    message: "made it",
    startedAt: new Date(start + hour),
    took: 5_000,
  };
  expect(view()).toMatchObject({ running: undefined, last, lastSuccess: last.startedAt });
  expect(rig.said).toEqual(["info job backup: begins", "info job backup: made it (5 s)"]);
  const next = rig.board();
  await next.declare([rig.job()]);
  expect(next.views[0]).toMatchObject({ last, lastSuccess: last.startedAt });
});

test("one that has failed says why, and the last success stays known", async () => {
  await rig.passHour();
  await rig.end();
  await rig.passHour();
  await rig.end({ kind: "failed", reason: "space", message: "no space", cure: "free some" });
  expect(view().last).toMatchObject({ kind: "failed", reason: "space" });
  expect(view().lastSuccess).toEqual(new Date(start + hour));
  expect(rig.said.at(-1)).toBe(
    "warn job backup has failed after 0 ms: no space. What to do: free some",
  );
});

test("while it runs, a due time is left out, and an order is refused", async () => {
  await rig.passHour();
  await rig.passHour();
  expect(rig.runs).toHaveLength(1);
  expect(board.order("backup")).toBe("running");
  expect(rig.events).toEqual(["backup began", "backup missed"]);
  expect(rig.said.at(-1)).toContain(
    "is due, and left out, for it still runs since 2026-11-25T01:00:00Z",
  );
  await rig.end();
  await rig.passHour();
  expect(rig.runs).toHaveLength(2);
});

test("by order, it begins at once", async () => {
  expect(board.order("nothing")).toBe("unknown");
  expect(board.order("backup")).toBe("started");
  await settle();
  expect(rig.runs[0]?.due).toEqual(new Date(start));
});

test("however often it was due while no daemon ran, it is done once", async () => {
  await board[Symbol.asyncDispose]();
  rig.now += 100 * hour;
  board = rig.board();
  await board.declare([rig.job()]);
  await settle();
  expect(rig.runs.map(({ due }) => due)).toEqual([new Date(start + hour)]);
  await rig.end();
  expect(rig.events).toEqual(["backup missed", "backup began", "backup ended"]);
  const again = rig.board();
  await again.declare([rig.job()]);
  await settle();
  expect(rig.runs).toHaveLength(1);
});

test.each([
  ["again", true, 2, undefined],
  ["not again, and that is said", false, 1, "the supervisor ended while it ran"],
])("one that the daemon's end cut short is begun %s", async (_, isRepeatable, runs, message) => {
  await board.declare([rig.job({ spec: "other", isRepeatable })]);
  await rig.passHour();
  await board[Symbol.asyncDispose]();
  expect(rig.runs[0]?.signal.aborted).toBe(true);
  board = rig.board();
  await board.declare([rig.job({ isRepeatable })]);
  await settle();
  expect(rig.runs).toHaveLength(runs);
  // For the same time: what is made by a key is made once.
  expect(new Set(rig.runs.map(({ due }) => due.getTime())).size).toBe(1);
  if (message !== undefined) expect(view().last?.message).toContain(message);
});

test("a crash of the daemon leaves what one in order leaves", async () => {
  await rig.passHour();
  board = rig.board();
  await board.declare([rig.job()]);
  await settle();
  expect(rig.runs).toHaveLength(2);
});

test("a new configuration leaves alone what is as it was", async () => {
  await rig.passHour();
  await board.declare([rig.job(), rig.job({ name: "other" })]);
  expect(rig.runs[0]?.signal.aborted).toBe(false);
  expect(rig.plans).toBe(2);
  await board.declare([]);
  expect(rig.runs[0]?.signal.aborted).toBe(true);
  expect(rig.plans).toBe(0);
});

test("a fault of a job's own code fails the job, not the daemon", async () => {
  const perform = () => Promise.reject(new Error("oops"));
  await board.declare([rig.job({ spec: "other", perform })]);
  await rig.passHour();
  await settle();
  expect(view().last).toMatchObject({ kind: "failed", reason: "other" });
});
