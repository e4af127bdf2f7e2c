import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/host/clock.ts";
import { bootId, identify } from "../../src/host/processes.ts";
import { RunRegistry } from "../../src/host/run-registry.ts";
import type { RunProcess } from "../../src/prefect/ports.ts";
import type { Clock } from "../../src/supervision/ports.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { patience } from "./real-launcher.ts";
import { end, RunFolder, recordOf } from "./run-folder.ts";

const run = promisify(execFile);

interface Watched extends Disposable {
  readonly registry: RunRegistry;
  /** `appeared ID alive`, `ended ID gone ended`, … in order. */
  readonly told: string[];
  readonly troubles: string[];
}

async function watchRuns(directory: string, clock: Clock = systemClock): Promise<Watched> {
  const told: string[] = [];
  const troubles: string[] = [];
  const say = (event: string) => (it: RunProcess) => {
    const why = it.kind === "gone" ? ` ${it.why}` : "";
    told.push(`${event} ${it.record.flowRunId} ${it.kind}${why}`);
  };
  const registry = new RunRegistry({
    directory,
    clock,
    report: (trouble) => troubles.push(trouble),
    appeared: say("appeared"),
    ended: say("ended"),
  });
  await registry.open();
  return { registry, told, troubles, [Symbol.dispose]: () => registry[Symbol.dispose]() };
}

test("a run that starts and ends while the daemon lives is told of by the kernel", async () => {
  await using runs = new RunFolder();
  // Its time stands still: nothing here may depend on looking again.
  using watched = await watchRuns(runs.path, new VirtualClock());
  const child = runs.run("a");
  await vi.waitFor(() => expect(watched.told).toEqual(["appeared a alive"]), patience);
  expect(watched.registry.runs).toEqual([
    {
      kind: "alive",
      isOrphan: false,
      record: {
        flowRunId: "a",
        pool: "etl",
        pid: child.pid,
        startTime: identify(child.pid ?? 0)?.startTime,
        bootId: bootId(),
        workerPid: process.pid,
        startedAt: new Date("2026-01-02T03:04:05.678Z"),
        environment: "/srv/environment",
        output: undefined,
        cgroup: undefined,
        flowName: undefined,
        deploymentName: undefined,
      },
    },
  ]);
  await end(child);
  watched.registry.look();
  watched.registry.look();
  expect(watched.told).toEqual(["appeared a alive", "ended a gone ended"]);
  expect(watched.registry.runs).toMatchObject([{ kind: "gone", why: "ended", since: 0 }]);
  expect(watched.troubles).toEqual([]);
});

test("an end is told by its lifeline, without a look, to whoever is not its parent too", async () => {
  await using runs = new RunFolder();
  const parent = runs.start("sleep 1000 & echo $!");
  const [line] = await once(parent.stdout ?? parent, "data");
  const pid = Number(String(line));
  await once(parent, "exit");
  runs.leave("a", pid, { worker_pid: parent.pid ?? 0 });
  using watched = await watchRuns(runs.path);
  expect(watched.registry.runs).toMatchObject([{ kind: "alive", isOrphan: true }]);
  runs.run("handed-on", "exec sleep 1000", { worker_pid: 2 ** 22 });
  await vi.waitFor(() => expect(watched.registry.runs).toHaveLength(2), patience);
  expect(watched.registry.runs[1]).toMatchObject({ kind: "alive", isOrphan: true });
  process.kill(pid, "SIGKILL");
  await vi.waitFor(() => expect(watched.told).toContain("ended a gone ended"), patience);
  expect(watched.told).toHaveLength(3);
});

test("what has ended before is told of too, and why it is gone", async () => {
  await using runs = new RunFolder();
  const ended = runs.run("ended");
  await end(ended);
  runs.run("other-boot", "exec sleep 1000", { boot_id: "another" });
  runs.run("stranger", "exec sleep 1000", { start_time: 1 });
  runs.run("alive");
  using watched = await watchRuns(runs.path);
  expect(watched.told.toSorted()).toEqual([
    "appeared alive alive",
    "appeared ended gone ended",
    "appeared other-boot gone other-boot",
    "appeared stranger gone stranger",
    "ended ended gone ended",
    "ended other-boot gone other-boot",
    "ended stranger gone stranger",
  ]);
  for (const id of ["ended", "other-boot", "stranger"]) {
    const at = watched.told.indexOf(`appeared ${id} gone ${id}`);
    expect(watched.told[at + 1]).toBe(`ended ${id} gone ${id}`);
  }
});

test("one that has no lifeline is looked at now and then", async () => {
  await using runs = new RunFolder();
  const clock = new VirtualClock();
  const child = runs.run("a");
  rmSync(join(runs.path, `a.${child.pid}`, "lifeline"));
  using watched = await watchRuns(runs.path, clock);
  await clock.advance(60_000);
  await end(child);
  expect(watched.told).toEqual(["appeared a alive"]);
  await clock.advance(5_000);
  expect(watched.told).toEqual(["appeared a alive", "ended a gone ended"]);
  expect(clock.pending).toBe(0);
});

test("one that closed its lifeline is looked at from then on", async () => {
  await using runs = new RunFolder();
  const clock = new VirtualClock();
  const child = runs.run("a", "read _; exec 3>&-; read _");
  runs.run("other");
  using watched = await watchRuns(runs.path, clock);
  expect(clock.pending).toBe(0);
  child.stdin?.write("close\n");
  await vi.waitFor(() => expect(clock.pending).toBe(1), patience);
  await end(child);
  expect(watched.told).toHaveLength(2);
  await clock.advance(10);
  expect(watched.told.slice(2)).toEqual(["ended a gone ended"]);
  expect(clock.pending).toBe(0);
});

test("a look finds the end that a forked child hides", async () => {
  await using runs = new RunFolder();
  const child = runs.start("sleep 1000 & echo $!; exec sleep 1000");
  await once(child.stdout ?? child, "data");
  runs.leave("a", child.pid ?? 0);
  using watched = await watchRuns(runs.path);
  await end(child);
  expect(watched.told).toEqual(["appeared a alive"]);
  watched.registry.look();
  expect(watched.told).toEqual(["appeared a alive", "ended a gone ended"]);
});

test("another process in its place says that it has ended", async () => {
  await using runs = new RunFolder();
  const child = runs.start("sleep 1000 & echo $!; exec sleep 1000");
  await once(child.stdout ?? child, "data");
  const folder = runs.leave("a", child.pid ?? 0);
  using watched = await watchRuns(runs.path);
  await end(child);
  rmSync(folder, { recursive: true });
  runs.leave("a", child.pid ?? 0, { start_time: 2 });
  await vi.waitFor(() => expect(watched.told).toHaveLength(4), patience);
  expect(watched.told.slice(0, 3)).toEqual([
    "appeared a alive",
    "ended a gone ended",
    "appeared a gone ended",
  ]);
});

test.each([
  ["truncated", '{"version": 1, "flow_run', "JSON"],
  ["no record", "[]", "expected object"],
  ["of a later version", '{"version": 2}', "has version 2, and this program knows version 1"],
  ["of process 1", JSON.stringify(recordOf("bad", 1)), "pid"],
  ["of another", JSON.stringify(recordOf("other", 77)), "it is about process other.77"],
  ["a film", "x".repeat(100_000), "it has 100000 bytes"],
])("a record that is %s is reported once, and harms no other", async (_, content, why) => {
  await using runs = new RunFolder();
  const bad = runs.show(runs.prepare("bad.77", content));
  runs.run("good");
  using watched = await watchRuns(runs.path);
  watched.registry.look();
  expect(watched.told).toEqual(["appeared good alive"]);
  expect(watched.troubles).toHaveLength(1);
  expect(watched.troubles[0]).toContain(`${join(bad, "record.json")} is no record`);
  expect(watched.troubles[0]).toContain(why);
  // Once it is gone, the next of this name is another.
  rmSync(bad, { recursive: true });
  watched.registry.look();
  runs.show(runs.prepare("bad.77", content));
  await vi.waitFor(() => expect(watched.troubles).toHaveLength(2), patience);
});

test("a pipe in the place of a record does not hold the daemon", async () => {
  await using runs = new RunFolder();
  const bad = runs.show(runs.prepare("bad.77", ""));
  rmSync(join(bad, "record.json"));
  execFileSync("mkfifo", [join(bad, "record.json")]);
  using watched = await watchRuns(runs.path);
  expect(watched.troubles).toHaveLength(1);
});

test("whatever else lies in the folder is no run", async () => {
  await using runs = new RunFolder();
  mkdirSync(runs.path, { recursive: true });
  for (let number = 0; number < 3_000; number += 1) {
    writeFileSync(join(runs.path, `foreign-${number}.${number}`), "");
  }
  mkdirSync(join(runs.path, "empty.1"));
  runs.prepare(`hidden.${process.pid}`, JSON.stringify(recordOf("hidden", process.pid)));
  using watched = await watchRuns(runs.path);
  const child = runs.run("a");
  await vi.waitFor(() => expect(watched.told).toEqual(["appeared a alive"]), patience);
  await end(child);
  watched.registry.look();
  expect(watched.told).toHaveLength(2);
  expect(watched.troubles).toEqual([]);
});

test("what a launcher did not complete is removed once the launcher has gone", async () => {
  await using runs = new RunFolder();
  const ended = runs.start("exit");
  await once(ended, "exit");
  const left = runs.prepare(`a.${ended.pid}`, "{");
  const underWay = runs.prepare(`b.${process.pid}`, "{");
  using watched = await watchRuns(runs.path);
  expect([existsSync(left), existsSync(underWay)]).toEqual([false, true]);
  expect(watched.troubles).toEqual([]);
});

test("records that come and go while they are read are no trouble", async () => {
  await using runs = new RunFolder();
  using watched = await watchRuns(runs.path);
  const record = JSON.stringify(recordOf("a", process.pid));
  const script = `
    cd "$0"; i=0
    while [ $i -lt 300 ]; do
      mkdir .new; printf %s "$1" >.new/record.json; mv .new "a.$2"; rm -r "a.$2"; i=$((i + 1))
    done`;
  await run("/bin/sh", ["-c", script, runs.path, record, String(process.pid)]);
  watched.registry.look();
  expect(watched.troubles).toEqual([]);
  expect(watched.told.length).toBeLessThanOrEqual(1);
});

test("two processes of one flow run are two", async () => {
  await using runs = new RunFolder();
  const first = runs.run("a");
  runs.run("a");
  using watched = await watchRuns(runs.path);
  expect(watched.registry.runs).toHaveLength(2);
  await end(first);
  watched.registry.look();
  const [gone] = watched.registry.runs.filter(({ kind }) => kind === "gone");
  expect(gone?.record.pid).toBe(first.pid);
  if (gone !== undefined) watched.registry.forget(gone.record);
  expect(watched.registry.runs).toMatchObject([{ kind: "alive" }]);
  expect(readdirSync(runs.path)).toHaveLength(1);
});

test("a later process of the run with the same pid is another, and keeps its record", async () => {
  await using runs = new RunFolder();
  const child = runs.start("exec sleep 1000");
  const old = runs.leave("a", child.pid ?? 0, { boot_id: "another" });
  using watched = await watchRuns(runs.path);
  const [before] = watched.registry.runs;
  rmSync(old, { recursive: true });
  runs.leave("a", child.pid ?? 0);
  await vi.waitFor(() => expect(watched.told).toHaveLength(3), patience);
  expect(watched.told.at(-1)).toBe("appeared a alive");
  if (before !== undefined) watched.registry.forget(before.record);
  expect(watched.registry.runs).toMatchObject([{ kind: "alive" }]);
  expect(existsSync(join(old, "record.json"))).toBe(true);
});

test("what is forgotten leaves nothing, and what lives is not forgotten", async () => {
  await using runs = new RunFolder();
  const [empty, full] = [join(runs.path, ".empty"), join(runs.path, ".full")];
  mkdirSync(join(full, "below"), { recursive: true });
  mkdirSync(empty);
  const first = runs.run("a", "exec sleep 1000", { cgroup: empty });
  const second = runs.run("b", "exec sleep 1000", { cgroup: full });
  using watched = await watchRuns(runs.path);
  const records = watched.registry.runs.map(({ record }) => record);
  for (const record of records) watched.registry.forget(record);
  expect(watched.registry.runs).toHaveLength(2);
  await Promise.all([end(first), end(second)]);
  watched.registry.look();
  for (const record of [...records, ...records]) watched.registry.forget(record);
  expect(watched.registry.runs).toEqual([]);
  expect(readdirSync(runs.path)).toEqual([".full"]);
  expect(watched.troubles).toEqual([]);
});

test("the folder may be missing, or be taken away", async () => {
  await using runs = new RunFolder();
  using watched = await watchRuns(runs.path);
  runs.run("a");
  await vi.waitFor(() => expect(watched.told).toHaveLength(1), patience);
  renameSync(runs.path, `${runs.path}.away`);
  await vi.waitFor(() => expect(existsSync(runs.path)).toBe(true), patience);
  const child = runs.run("b");
  await vi.waitFor(() => expect(watched.told.at(-1)).toBe("appeared b alive"), patience);
  await end(child);
  watched.registry.look();
  expect(watched.told.at(-1)).toBe("ended b gone ended");
  expect(watched.troubles).toEqual([]);
});

test("a folder that cannot be made is said once, and found once it can", async () => {
  await using runs = new RunFolder();
  writeFileSync(runs.path, "");
  using watched = await watchRuns(runs.path);
  watched.registry.look();
  expect(watched.troubles).toEqual([expect.stringMatching(/^flow runs .* may not be noticed/)]);
  rmSync(runs.path);
  watched.registry.look();
  runs.run("a");
  await vi.waitFor(() => expect(watched.told).toEqual(["appeared a alive"]), patience);
});
