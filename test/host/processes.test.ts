import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readProcessTable, sampleProcessTree } from "../../src/host/process-sample.ts";
import {
  bootId,
  commandLine,
  environmentValue,
  findByEnvironment,
  identify,
  isThere,
  readStat,
  startedAt,
} from "../../src/host/processes.ts";
import { signalGroup, signalProcess } from "../../src/host/signals.ts";
import { fixture, RealLauncher, TemporaryFolder } from "./real-launcher.ts";

const noPid = 2 ** 22 + 1;

test("a name with spaces and parentheses does not shift the fields", async () => {
  using folder = new TemporaryFolder();
  const program = join(folder.path, "a) S 1 (b");
  copyFileSync("/bin/sleep", program);
  const child = spawn(program, ["1000"], { stdio: "ignore" });
  const stat = readStat(child.pid ?? noPid);
  expect(stat).toMatchObject({ parent: process.pid, group: readStat(process.pid)?.group });
  expect(stat?.startTime).toBeGreaterThan(readStat(process.pid)?.startTime ?? 0);
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("a process that has gone gives no answer, and is not there", async () => {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  const identity = identify(child.pid ?? noPid);
  expect(identity && isThere(identity)).toBe(true);
  expect(identity && isThere({ ...identity, startTime: identity.startTime - 1 })).toBe(false);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(identity && isThere(identity)).toBe(false);
  for (const read of [readStat, identify, commandLine, startedAt, sampleProcessTree]) {
    expect(read(noPid)).toBeUndefined();
  }
  expect(environmentValue(noPid, "PATH")).toBeUndefined();
});

test("a process is found by a variable of its environment", async () => {
  const env = { MARK: "a=b" };
  const child = spawn("/bin/sleep", ["1000"], { env, stdio: "ignore" });
  const variables = new Map([["MARK", "a=b"]]);
  expect(findByEnvironment("MARK", "a=b")).toEqual([
    { ...identify(child.pid ?? noPid), isSessionLeader: false, variables },
  ]);
  expect(findByEnvironment("MARK", "a=")).toEqual([]);
  expect(commandLine(child.pid ?? noPid)).toEqual(["/bin/sleep", "1000"]);
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("the time of a start is on the wall clock", () => {
  const expected = Date.now() - process.uptime() * 1000;
  expect(Math.abs((startedAt(process.pid)?.getTime() ?? 0) - expected)).toBeLessThan(2_000);
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
});

test("a sample counts the session, and not what left it", async () => {
  await using launcher = new RealLauncher();
  const child = launcher.launch([
    "/bin/sh",
    "-c",
    "sleep 1000 & setsid sleep 1000 & echo ok; wait",
  ]);
  await launcher.said(/^ok$/m);
  const sample = sampleProcessTree(child.pid ?? noPid, readProcessTable());
  // The one that leaves may not have got there yet.
  expect([2, 3]).toContain(sample?.processes);
  expect(sample?.residentBytes).toBeGreaterThan(100_000);
  expect(sample?.openFds).toBeGreaterThanOrEqual(3);
  expect(sample?.maxFds).toBeGreaterThan(3);
  const own = sampleProcessTree(process.pid);
  const used = process.resourceUsage();
  expect(own?.userSeconds).toBeGreaterThan(used.userCPUTime / 1e6 - 0.1);
  expect(own?.openFds).toBeGreaterThan(3);
  const rss = process.memoryUsage().rss;
  expect(readStat(process.pid)?.residentBytes).toBeGreaterThan(rss / 2);
});

test.each([0, 1, -1, 1.5, Number.NaN, process.pid])("%d is never signalled", (pid) => {
  expect(signalProcess(pid, "SIGKILL")).toBe("gone");
  expect(signalGroup(pid, "SIGKILL")).toBe("gone");
});

test("a signal to nobody says so", async () => {
  await using launcher = new RealLauncher();
  const child = launcher.launch([fixture("lives.sh")]);
  expect(signalGroup(child.pid ?? noPid, "SIGKILL")).toBe("sent");
  await child.ended;
  expect(signalGroup(child.pid ?? noPid, "SIGKILL")).toBe("gone");
  expect(signalProcess(child.pid ?? noPid, "SIGKILL")).toBe("gone");
});
