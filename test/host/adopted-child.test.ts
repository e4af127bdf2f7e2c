/** Children that are looked after without being ours: here, they are ours all the same, so that both can be compared. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exitOf } from "../../src/host/adopted-child.ts";
import type { LivingChild } from "../../src/host/launcher.ts";
import { Lookout } from "../../src/host/lookout.ts";
import { isThere } from "../../src/host/processes.ts";
import { fixture, gone, RealLauncher } from "./real-launcher.ts";

const never = 2 ** 31 - 1;

async function started(
  launcher: RealLauncher,
  command: readonly [string, ...string[]],
  more: Parameters<RealLauncher["launch"]>[1] = {},
): Promise<LivingChild> {
  await launcher.lifelines.prepare(["unit"]);
  launcher.launch(command, more);
  await launcher.said(/^(ready|escaped \d+|left \d+)$/m);
  const [child] = launcher.lived;
  if (child === undefined) throw new Error("nothing was started");
  return child;
}

test.each([
  ["an exit", 7 << 8, { kind: "exited", code: 7 }],
  ["a clean exit", 0, { kind: "exited", code: 0 }],
  ["a signal", 9, { kind: "signaled", signal: "SIGKILL" }],
  ["a signal with a core", 11 | 0x80, { kind: "signaled", signal: "SIGSEGV" }],
  ["an abort, which has two names", 6, { kind: "signaled", signal: "SIGABRT" }],
  ["a signal without a name", 40, { kind: "unknown" }],
  ["nothing", undefined, { kind: "unknown" }],
])("the status of %s is read", (_, status, exit) => {
  expect(exitOf(status)).toEqual(exit);
});

test("its end is told by its lifeline, with what it has said since it was taken over", async () => {
  await using launcher = new RealLauncher();
  const found = await started(launcher, ["/bin/sh", "-c", "echo ready; read -r x <&3; exit 3"]);
  using lookout = new Lookout({ oftenMs: never, seldomMs: never });
  const child = launcher.adopt(found, "unit", lookout);
  expect(child.pid).toBe(found.pid);
  child.signal("SIGTERM");
  const { exit, lastLines } = await child.ended;
  // Its parent, which is this process too, may have asked for its status first.
  expect([{ kind: "unknown" }, { kind: "signaled", signal: "SIGTERM" }]).toContainEqual(exit);
  expect(lastLines).toEqual([]);
});

test("one that has gone before ends at once", async () => {
  await using launcher = new RealLauncher();
  const found = await started(launcher, [fixture("lives.sh")]);
  process.kill(found.pid, "SIGKILL");
  await gone(found.pid);
  expect((await launcher.adopt(found).ended).lastLines).toEqual([]);
});

test("a lifeline that is closed early is no end; the end is seen all the same", async () => {
  await using launcher = new RealLauncher();
  const script = "trap 'exec 3>&-; echo closed' USR1; echo ready; while :; do sleep 0.01; done";
  const found = await started(launcher, ["/bin/sh", "-c", script]);
  using lookout = new Lookout({ oftenMs: 1, seldomMs: never });
  const child = launcher.adopt(found, "unit", lookout);
  let hasEnded = false;
  void child.ended.then(() => (hasEnded = true));
  process.kill(found.pid, "SIGUSR1");
  await launcher.said(/^closed$/m);
  // It would be told of in the next turns of the loop.
  for (let turns = 0; turns < 20; turns += 1) await new Promise((done) => setImmediate(done));
  expect(hasEnded).toBe(false);
  child.kill();
  await child.ended;
});

test("a lifeline that outlives its process does not hide the end", async () => {
  await using launcher = new RealLauncher();
  const script = "sleep 1000 & echo left $!; exec sleep 1000";
  const found = await started(launcher, ["/bin/sh", "-c", script], { killMode: "process" });
  const left = await launcher.saidPid("left");
  const child = launcher.adopt(found);
  child.kill();
  await child.ended;
  expect(isThere(left), "in `process` mode it may be somebody's work").toBe(true);
});

test("kill ends what escaped from it, too", async () => {
  await using launcher = new RealLauncher();
  const found = await started(launcher, [fixture("escapee.sh")]);
  const escapee = await launcher.saidPid("escaped");
  const child = launcher.adopt(found);
  child.signal("SIGTERM");
  child.kill();
  await child.ended;
  await launcher.escapees.settled();
  expect(isThere(escapee)).toBe(false);
});

test("what it leaves behind ends with it", async () => {
  await using launcher = new RealLauncher();
  const script = "sleep 1000 & echo left $!; exec sleep 1000";
  const found = await started(launcher, ["/bin/sh", "-c", script], { killMode: "process" });
  const left = await launcher.saidPid("left");
  const child = launcher.adopt({ ...found, killMode: "control-group" });
  child.signal("SIGKILL");
  await child.ended;
  await gone(left.pid);
  expect(isThere(left)).toBe(false);
});

test("another process with its number is neither signalled nor waited for", async () => {
  await using launcher = new RealLauncher();
  const found = await started(launcher, [fixture("lives.sh")]);
  const child = launcher.adopt({ ...found, startTime: found.startTime - 1 });
  child.signal("SIGKILL");
  child.kill();
  expect((await child.ended).exit).toEqual({ kind: "unknown" });
  expect(isThere(found)).toBe(true);
});

test("a child has its lifeline as its third descriptor", async () => {
  await using launcher = new RealLauncher();
  await launcher.lifelines.prepare(["unit"]);
  await launcher.launch([fixture("shows-itself.sh")]).ended;
  const output = readFileSync(join(launcher.folder.path, "unit.log"), "latin1");
  expect(output).toMatch(/^fd 3$/m);
});
