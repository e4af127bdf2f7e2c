import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { locateCgroup, rootFor } from "../../src/host/cgroup-tree.ts";
import { isThere } from "../../src/host/processes.ts";
import { fixture, RealLauncher, TemporaryFolder } from "./real-launcher.ts";
import { TemporaryCgroup } from "./temporary-cgroup.ts";

const run = promisify(execFile);

test("a child enters before it can start anything, and gets nothing from the shell", async (ctx) => {
  await using root = new TemporaryCgroup(ctx);
  await using launcher = new RealLauncher(root.path);
  const child = launcher.launch([fixture("shows-itself.sh")], { env: { A: "a b" } }, "worker@x:2");
  expect((await child.ended).exit).toEqual({ kind: "exited", code: 0 });
  const environment = launcher.output("worker@x:2").match(/^env .*$/gm);
  expect(environment?.toSorted()).toEqual([
    "env A=a b",
    expect.stringMatching(/^env SAILS_INVOCATION_ID=/),
    expect.stringMatching(/^env SAILS_SPEC_HASH=/),
    "env SAILS_UNIT=worker@x:2",
  ]);
  const lives = launcher.launch([fixture("lives.sh")], {}, "worker@x:2");
  await launcher.said(/^ready$/m, "worker@x:2");
  expect(readFileSync(`/proc/${lives.pid}/cgroup`, "utf8")).toMatch(/\/worker@x:2$/m);
});

test("kill leaves nothing, at once", async (ctx) => {
  await using root = new TemporaryCgroup(ctx);
  const cgroup = root.unit("unit");
  await using launcher = new RealLauncher(root.path);
  const child = launcher.launch([fixture("escapee.sh")]);
  const escapee = await launcher.saidPid("escaped");
  child.kill();
  await child.ended;
  await cgroup.emptied(AbortSignal.timeout(10_000));
  expect(isThere(escapee)).toBe(false);
});

test("what is left at the end of the main process ends with it, except in `process` mode", async (ctx) => {
  await using root = new TemporaryCgroup(ctx);
  const cgroup = root.unit("unit");
  await using launcher = new RealLauncher(root.path);
  const left = launcher.launch([fixture("leaves-child.sh")], { killMode: "process" });
  await left.ended;
  expect(cgroup.isPopulated).toBe(true);
  const ended = launcher.launch([fixture("leaves-child.sh")]);
  await ended.ended;
  await cgroup.emptied(AbortSignal.timeout(10_000));
});

test("the daemon moves into a leaf, where its own cgroup is then", async (ctx) => {
  await using root = new TemporaryCgroup(ctx);
  const { stdout } = await run(process.execPath, [fixture("occupy-cgroup.ts"), root.path]);
  expect(stdout.trim()).toBe(join(root.path, "supervisor"));
  expect(readFileSync(join(root.path, "cgroup.subtree_control"), "utf8")).toBe("");
});

test.each([
  ["/proc/nowhere/x", "ENOENT", "/proc/nowhere/x: no such program"],
  ["/etc", "EACCES", "/etc: not an executable file"],
])("%s is a failed spawn although a shell was started", async (name, code, message) => {
  // Only a folder: that the shell cannot enter it does not keep it from the program.
  using root = new TemporaryFolder();
  await using launcher = new RealLauncher(root.path);
  const { exit } = await launcher.launch([name]).ended;
  expect(exit).toEqual({ kind: "spawn-failed", code, message });
});

test("without its cgroup a unit runs all the same", async () => {
  await using launcher = new RealLauncher("/proc/nowhere");
  const { exit } = await launcher.launch([fixture("crasher.sh")]).ended;
  expect(exit).toEqual({ kind: "exited", code: 3 });
  expect(launcher.troubles).toEqual([expect.stringMatching(/^unit runs without a cgroup: ENOENT/)]);
});

const unified = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";
const inside = "30 23 0:26 /outer /sys/fs/cg\\040roup rw shared:4 master:1 - cgroup2 cgroup2 rw";

test.each([
  [unified, "9:name=systemd:/x\n0::/", "/sys/fs/cgroup/unified"],
  [unified, "0::/system.slice/a.service", "/sys/fs/cgroup/unified/system.slice/a.service"],
  [inside, "0::/outer/a.service", "/sys/fs/cg roup/a.service"],
  [inside, "0::/elsewhere", undefined],
  ["23 1 0:22 / /proc rw - proc proc rw", "0::/a", undefined],
  [unified, "9:name=systemd:/x", undefined],
])("%s with %s lies at %s", (mountinfo, cgroup, path) => {
  expect(locateCgroup(mountinfo, cgroup)).toBe(path);
});

test("a daemon that was re-executed finds the units of before, though it sits in its leaf by then", () => {
  const root = "/sys/fs/cgroup/system.slice/sails-supervisor.service";
  expect(rootFor(root)).toBe(root);
  expect(rootFor(`${root}/supervisor`)).toBe(root);
});
