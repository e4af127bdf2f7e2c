import { join } from "node:path";
import { expect, test } from "vitest";
import { ChildRecords } from "../../src/daemon/child-records.ts";
import { Memory, readChild, recollect } from "../../src/daemon/memory.ts";
import { AtomicFile } from "../../src/host/atomic-file.ts";
import type { LivingChild } from "../../src/host/launcher.ts";
import { TemporaryFolder } from "../host/real-launcher.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const child = (invocation: string, more: Partial<LivingChild> = {}): LivingChild => ({
  pid: 1_234,
  startTime: 56_789,
  invocation,
  spawnedAt: new Date("2026-11-25T01:02:03.456Z"),
  specHash: "abc",
  killMode: "process",
  cgroup: undefined,
  ...more,
});

async function open(folder: TemporaryFolder) {
  const file = (name: string) => new AtomicFile(join(folder.path, name));
  const recall = () => recollect(file("state.json"), file("supervisor-id"), () => undefined);
  const { remembered } = await recall();
  const clock = new VirtualClock();
  const memory = new Memory(file("state.json"), remembered, (trouble) => {
    throw new Error(trouble);
  });
  const spawns = new Map([["worker@a", 7]]);
  const records = new ChildRecords({ memory, clock, bootId: "this boot", spawns: () => spawns });
  /** What the next daemon would read. */
  const read = async () => {
    const { children } = (await recall()).remembered;
    return Object.fromEntries(
      Object.entries(children).map(([unit, value]) => [unit, readChild(value)] as const),
    );
  };
  return { clock, records, read };
}

test("what lives is read back as it was, a moment later and not at once", async () => {
  using folder = new TemporaryFolder();
  const { clock, records, read } = await open(folder);
  records.lives("worker@a", child("first"));
  records.lives("service@b", child("other", { cgroup: "/sys/fs/cgroup/x", pid: 99 }));
  await clock.advance(249);
  expect(await read()).toEqual({});
  await clock.advance(1);
  await records.flush();
  const common = { startTime: 56_789, bootId: "this boot", specHash: "abc", killMode: "process" };
  const spawnedAt = new Date("2026-11-25T01:02:03.456Z");
  expect(await read()).toEqual({
    "worker@a": { ...common, pid: 1_234, invocation: "first", spawnedAt, spawns: 7, cgroup: null },
    "service@b": {
      ...common,
      pid: 99,
      invocation: "other",
      spawnedAt,
      spawns: 1,
      cgroup: "/sys/fs/cgroup/x",
    },
  });
});

test("what has ended is forgotten, unless another lives by then", async () => {
  using folder = new TemporaryFolder();
  const { records, read } = await open(folder);
  records.lives("a", child("first"));
  records.lives("a", child("second"));
  records.ended("a", "first");
  expect([records.isLiving("first"), records.isLiving("second")]).toEqual([false, true]);
  await records.flush();
  expect(await read()).toHaveProperty("a.invocation", "second");
  records.ended("a", "second");
  await records.flush();
  expect(await read()).toEqual({});
});

test("a storm of starts and ends is one write", async () => {
  using folder = new TemporaryFolder();
  const { clock, records } = await open(folder);
  for (let i = 0; i < 1_000; i += 1) {
    records.lives(`service@${i}`, child(String(i)));
    records.ended(`service@${i}`, String(i));
  }
  expect(clock.pending).toBe(1);
});

test.each([
  ["nothing", undefined],
  ["a pid that would be everybody", { pid: -1 }],
  ["a pid that is init's", { pid: 1 }],
  ["no start time", { startTime: undefined }],
  ["words for a number", { pid: "many" }],
  ["another kill mode", { killMode: "mixed" }],
])("a record with %s has no sense", (_, change) => {
  const { spawnedAt, ...rest } = child("x");
  const good = {
    ...rest,
    spawnedAt: spawnedAt.toISOString(),
    bootId: "b",
    spawns: 1,
    cgroup: null,
  };
  expect(readChild(good)).toBeDefined();
  expect(readChild(change && { ...good, ...change })).toBeUndefined();
});
