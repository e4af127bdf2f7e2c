/** Nothing of a unit outlives it, except where it may be somebody's work. */
import { expect, test } from "vitest";
import { isThere } from "../../src/host/processes.ts";
import { fixture, gone, RealLauncher } from "./real-launcher.ts";

test("what a child leaves in its group ends with it", async () => {
  await using launcher = new RealLauncher();
  const child = launcher.launch([fixture("leaves-child.sh")]);
  expect((await child.ended).exit).toEqual({ kind: "exited", code: 1 });
  const [, pid] = await launcher.said(/^left (\d+)$/m);
  await gone(Number(pid));
});

test("kill ends what escaped from the group and ignores SIGTERM", async () => {
  await using launcher = new RealLauncher();
  const child = launcher.launch([fixture("escapee.sh")]);
  const escapee = await launcher.saidPid("escaped");
  child.signal("SIGTERM");
  child.kill();
  await child.ended;
  await launcher.escapees.settled();
  expect(isThere(escapee)).toBe(false);
});

test("what escaped from a child that ends by itself ends too", async () => {
  await using launcher = new RealLauncher();
  const child = launcher.launch([fixture("escapee.sh"), "leave"]);
  expect((await child.ended).exit).toEqual({ kind: "exited", code: 0 });
  await launcher.escapees.settled();
  const [, pid] = await launcher.said(/^escaped (\d+)$/m);
  await gone(Number(pid));
});

test("in `process` mode only the main process is killed", async () => {
  await using launcher = new RealLauncher();
  const child = launcher.launch([fixture("escapee.sh")], { killMode: "process" });
  const escapee = await launcher.saidPid("escaped");
  child.kill();
  expect((await child.ended).exit).toEqual({ kind: "signaled", signal: "SIGKILL" });
  await launcher.escapees.settled();
  expect(isThere(escapee)).toBe(true);
});

test("the next child of the unit is not taken for the last one's escapee", async () => {
  await using launcher = new RealLauncher();
  const first = launcher.launch([fixture("escapee.sh")]);
  const escapee = await launcher.saidPid("escaped");
  first.kill();
  await first.ended;
  const second = launcher.launch([fixture("lives.sh")]);
  await launcher.said(/^ready$/m);
  await launcher.escapees.settled();
  expect(isThere(escapee)).toBe(false);
  second.signal("SIGTERM");
  expect((await second.ended).exit).toEqual({ kind: "signaled", signal: "SIGTERM" });
});
