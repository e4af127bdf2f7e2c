import { expect, test } from "vitest";
import type { Answer } from "../../../src/prefect/api/transport.ts";
import {
  type RetentionPorts,
  retentionEnvironment,
  sweepOld,
} from "../../../src/prefect/retention.ts";
import { ms } from "../../../src/supervision/time.ts";

const day = 86_400_000;
const now = new Date("2026-11-25T00:00:00Z");
const signal = new AbortController().signal;
const ok = <T>(value: T): Answer<T> => ({ kind: "ok", value });

/** A Prefect with so many old runs, and two workers that are offline in each of its pools. */
class Rig implements RetentionPorts {
  runs: string[];
  asked: Date[] = [];
  readonly deleted: string[] = [];
  pauses = 0;
  trouble: Answer<never> | undefined;
  readonly steps: string[] = [];

  constructor(runs: number) {
    this.runs = Array.from({ length: runs }, (_, n) => `run-${n}`);
  }

  readonly now = () => now;
  readonly step = (words: string) => void this.steps.push(words);
  readonly pause = async () => void (this.pauses += 1);
  readonly api: RetentionPorts["api"] = {
    endedRuns: async (before) => {
      this.asked.push(before);
      return ok(this.runs.slice(0, 50));
    },
    deleteRun: async (id) => {
      if (this.trouble !== undefined && this.deleted.length === 3) return this.trouble;
      this.runs = this.runs.filter((run) => run !== id);
      this.deleted.push(id);
      return ok(undefined);
    },
    poolNames: async () => ok(["a", "b"]),
    offlineWorkers: async () =>
      ok([
        { name: "old", lastSeen: new Date(now.getTime() - 31 * day) },
        { name: "new", lastSeen: new Date(now.getTime() - 29 * day) },
        { name: "never", lastSeen: undefined },
      ]),
    deleteWorker: async (pool, name) => {
      this.deleted.push(`${pool}/${name}`);
      return ok(undefined);
    },
  };
}

test("nothing is deleted that nobody asked to delete", async () => {
  const rig = new Rig(10);
  const swept = await sweepOld({ runs: undefined, offlineWorkers: undefined }, rig, signal);
  expect(swept).toEqual({ runs: 0, workers: 0, trouble: undefined });
  expect([rig.asked, rig.deleted]).toEqual([[], []]);
});

test("old runs go one by one, each with a pause, however many there are", async () => {
  const rig = new Rig(120);
  const swept = await sweepOld({ runs: ms(90 * day), offlineWorkers: undefined }, rig, signal);
  expect(swept.runs).toBe(120);
  expect(rig.pauses).toBe(120);
  expect(rig.asked[0]).toEqual(new Date("2026-08-27T00:00:00Z"));
  expect(rig.steps.at(-1)).toBe("120 flow runs deleted");
});

test("of workers only those that have been silent for that long", async () => {
  const rig = new Rig(0);
  const swept = await sweepOld({ runs: undefined, offlineWorkers: ms(30 * day) }, rig, signal);
  expect(swept.workers).toBe(2);
  expect(rig.deleted).toEqual(["a/old", "b/old"]);
});

test("a refusal ends it, and what was done is known", async () => {
  const rig = new Rig(10);
  rig.trouble = { kind: "refused", status: 500, why: "Prefect answered 500" };
  const swept = await sweepOld({ runs: ms(day), offlineWorkers: ms(day) }, rig, signal);
  expect(swept).toEqual({ runs: 3, workers: 0, trouble: "Prefect answered 500" });
});

test("what cannot be deleted is not asked for without an end", async () => {
  const rig = new Rig(3);
  const api = { ...rig.api, deleteRun: async () => ok(undefined) };
  const swept = await sweepOld(
    { runs: ms(day), offlineWorkers: undefined },
    { api, now: rig.now, pause: rig.pause, step: rig.step },
    signal,
  );
  expect(swept).toEqual({ runs: 3, workers: 0, trouble: undefined });
});

test("what Prefect can do itself it is told to do, and never what makes it refuse to start", () => {
  expect(retentionEnvironment({ events: undefined, runs: undefined })).toEqual({});
  expect(retentionEnvironment({ events: ms(3 * day), runs: ms(90 * day) })).toEqual({
    PREFECT_SERVER_EVENTS_RETENTION_PERIOD: "PT259200S",
    PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED: "events,flow_runs",
    PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD: "7776000",
  });
  expect(retentionEnvironment({ events: undefined, runs: ms(1000) })).toMatchObject({
    PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD: "3601",
  });
});
