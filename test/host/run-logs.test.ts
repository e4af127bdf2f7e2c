import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { RunLogs, type RunLogsDeps } from "../../src/host/run-logs.ts";
import type { RunRecord } from "../../src/prefect/ports.ts";
import { patience, TemporaryFolder } from "./real-launcher.ts";

class Logs implements Disposable {
  readonly #folder = new TemporaryFolder();
  readonly path = join(this.#folder.path, "runs");
  readonly troubles: string[] = [];
  readonly logs: RunLogs;

  constructor(more: Partial<RunLogsDeps> = {}) {
    mkdirSync(this.path);
    const report = (trouble: string): void => void this.troubles.push(trouble);
    this.logs = new RunLogs({ directory: this.path, report, ...more });
  }

  /** @param age in seconds */
  write(name: string, age: number): void {
    const path = join(this.path, name);
    writeFileSync(path, name);
    utimesSync(path, Date.now() / 1000 - age, Date.now() / 1000 - age);
  }

  run(id: string, pid = 1): RunRecord {
    return {
      flowRunId: id,
      pool: "etl",
      pid,
      startTime: 1,
      bootId: "boot",
      workerPid: 1,
      startedAt: new Date(),
      environment: "",
      output: join(this.path, `${id}.log`),
      cgroup: undefined,
    };
  }

  get names(): readonly string[] {
    return readdirSync(this.path).toSorted();
  }

  [Symbol.dispose](): void {
    this.logs[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

test("the newest runs keep their output, with what was set aside of it", async () => {
  using it = new Logs({ keepRuns: 2 });
  for (const [age, name] of [
    [1, "b.log"],
    // It was written last of all, though its run began long ago.
    [900, "a.log.1"],
    [0, "a.log"],
    [100, "c.log"],
    [50, "c.log.1"],
    [200, "d.log"],
    [1000, "notes.txt"],
  ] as const) {
    it.write(name, age);
  }
  await it.logs.prune();
  expect(it.names).toEqual(["a.log", "a.log.1", "b.log", "notes.txt"]);
  expect(it.troubles).toEqual([]);
});

test("a run that lives keeps its output, however old it is", async () => {
  using it = new Logs({ keepRuns: 1, limits: { maxBytes: 100, keep: 1 } });
  it.write("old.log", 1_000);
  it.write("live.log", 900);
  it.write("new.log", 1);
  const [first, second] = [it.run("live", 2), it.run("live", 3)];
  it.logs.follow(first);
  it.logs.follow(second);
  await it.logs.prune();
  expect(it.names).toEqual(["live.log", "new.log"]);
  // Another process of the same run still writes into it.
  await it.logs.unfollow({ ...first });
  expect(it.names).toEqual(["live.log", "new.log"]);
  appendFileSync(second.output ?? "", "x".repeat(150));
  await vi.waitFor(() => expect(it.names).toContain("live.log.1"), patience);
  it.write("new.log", -1);
  await it.logs.unfollow(second);
  expect(it.names).toEqual(["new.log"]);
});

test("the output of a run is bounded while it lives and at its end", async () => {
  using it = new Logs({ limits: { maxBytes: 100, keep: 1 } });
  const run = it.run("a");
  writeFileSync(run.output ?? "", "");
  it.logs.follow(run);
  const size = (name: string): number => statSync(join(it.path, name)).size;
  appendFileSync(run.output ?? "", "x".repeat(150));
  await vi.waitFor(() => expect(size("a.log")).toBe(0), patience);
  appendFileSync(run.output ?? "", "y".repeat(120));
  await it.logs.unfollow(run);
  expect([size("a.log"), size("a.log.1")]).toEqual([0, 120]);
  expect(it.names).toEqual(["a.log", "a.log.1"]);
  expect(it.troubles).toEqual([]);
});

test("what goes to the journal, to nobody or to another folder is none of ours", async () => {
  using it = new Logs({ limits: { maxBytes: 1, keep: 1 } });
  using elsewhere = new Logs();
  elsewhere.write("a.log", 1);
  const run = it.run("a");
  for (const output of [undefined, "journal", join(elsewhere.path, "a.log")]) {
    it.logs.follow({ ...run, output });
    await it.logs.unfollow({ ...run, output });
  }
  expect(elsewhere.names).toEqual(["a.log"]);
  expect(it.troubles).toEqual([]);
});

test("a folder that is not there has nothing to remove, one that cannot be read says so", async () => {
  using it = new Logs();
  const report = (trouble: string): void => void it.troubles.push(trouble);
  await new RunLogs({ directory: join(it.path, "missing"), report }).prune();
  expect(it.troubles).toEqual([]);
  it.write("file", 1);
  await new RunLogs({ directory: join(it.path, "file"), report }).prune();
  expect(it.troubles).toEqual([expect.stringMatching(/^the output of old flow runs .*ENOTDIR/)]);
});
