import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { OomWitness } from "../../src/host/oom-witness.ts";

/** A machine whose counters the test sets; a cgroup has none until it says so. */
async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), "oom-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [ours, run] = [join(folder, "ours"), join(folder, "ours/run")];
  await mkdir(run, { recursive: true });
  const vmstat = join(folder, "vmstat");
  const machine = (kills: number) => writeFile(vmstat, `pgfault 7\noom_kill ${kills}\nx 1\n`);
  const cgroup = (path: string, kills: number) =>
    writeFile(join(path, "memory.events"), `low 0\noom 3\noom_kill ${kills}\n`);
  await machine(4);
  return { cgroup, machine, ours, run, witness: () => new OomWitness(ours, vmstat) };
}

test("a kill on the machine since the last look throws suspicion on who dies now", async () => {
  const { machine, run, witness } = await setUp();
  const seen = witness();
  expect(seen.hasKilled(run)).toBe("no");
  await machine(5);
  expect(seen.hasKilled(undefined)).toBe("perhaps");
  seen.look();
  expect(seen.hasKilled(undefined)).toBe("no");
});

test("our own cgroup knows better than the machine", async () => {
  const { cgroup, machine, ours, run, witness } = await setUp();
  await cgroup(ours, 1);
  const seen = witness();
  await machine(5);
  expect(seen.hasKilled(run)).toBe("no");
  await cgroup(ours, 2);
  expect(seen.hasKilled(run)).toBe("perhaps");
});

test("its own cgroup knows for certain", async () => {
  const { cgroup, machine, run, witness } = await setUp();
  const seen = witness();
  await machine(5);
  await cgroup(run, 0);
  expect(seen.hasKilled(run)).toBe("no");
  await cgroup(run, 1);
  expect(seen.hasKilled(run)).toBe("yes");
});

test("the counter of this machine can be read", () => {
  expect(new OomWitness(undefined).hasKilled("/nowhere")).toBe("no");
});
