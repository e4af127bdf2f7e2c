/** What only a real process shows. */
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { allPids, isThere, readStat } from "../../src/host/processes.ts";
import { fixture, patience, RealLauncher, TemporaryFolder } from "./real-launcher.ts";

const run = promisify(execFile);
const tooLong = "x".repeat(200_000);

test("a child leads a session of its own and has only what it was given", async () => {
  await using launcher = new RealLauncher();
  const env = { PATH: "/usr/bin:/bin", GREETING: "two words\nand two lines" };
  const child = launcher.launch([fixture("shows-itself.sh")], { env });
  await child.ended;
  const output = launcher.output();
  const [, , , , group, session] =
    /^stat (\d+) (\(.*\)) (\S) (\d+) (\d+) (\d+)/m.exec(output)?.slice(1) ?? [];
  expect([group, session]).toEqual([String(child.pid), String(child.pid)]);
  expect(output).toContain(`cwd ${launcher.folder.path}\n`);
  const environment = output.slice(output.indexOf("env ")).trim().split("\n");
  expect(environment).toEqual([
    "env PATH=/usr/bin:/bin",
    "env GREETING=two words",
    "env and two lines",
    "env SAILS_UNIT=unit",
    expect.stringMatching(/^env SAILS_INVOCATION_ID=[0-9a-f-]{36}$/),
    expect.stringMatching(/^env SAILS_SPEC_HASH=[0-9a-f]{64}$/),
  ]);
});

test("a daemon that was started with ignored signals does not pass them on", async () => {
  using folder = new TemporaryFolder();
  await run(fixture("ignores-signals.sh"), [
    process.execPath,
    fixture("launch-one.ts"),
    folder.path,
    fixture("shows-itself.sh"),
  ]);
  const status = readFileSync(join(folder.path, "child.log"), "latin1");
  expect(status).toMatch(/^SigIgn:\t0+$/m);
  expect(status).toMatch(/^SigBlk:\t0+$/m);
});

test("what is open in whoever started the daemon does not reach a child", async () => {
  using folder = new TemporaryFolder();
  // Node itself sees to the low ones.
  const script = 'exec 7</dev/null 200>/dev/null; exec "$@"';
  const daemon = [process.execPath, fixture("launch-one.ts"), folder.path];
  const command = ["-c", script, "bash", ...daemon, fixture("shows-itself.sh")];
  const { stdout } = await run("/bin/bash", command);
  expect(JSON.parse(stdout)).toHaveProperty("closed", expect.arrayContaining([200]));
  const output = readFileSync(join(folder.path, "child.log"), "latin1");
  // The shell reads its script from 10, and the folder from the first that is free.
  expect(output.match(/^fd .*$/gm)).toEqual(["fd 0", "fd 1", "fd 10", "fd 2", "fd 3"]);
});

test("a grandchild that holds the output does not hide the death", async () => {
  await using launcher = new RealLauncher();
  const child = launcher.launch([fixture("leaves-child.sh")], { killMode: "process" });
  const { exit, lastLines } = await child.ended;
  expect(exit).toEqual({ kind: "exited", code: 1 });
  const left = await launcher.saidPid("left");
  expect(lastLines).toEqual([`left ${left.pid}`]);
  // In `process` mode it may be somebody's work.
  await launcher.escapees.settled();
  expect(isThere(left)).toBe(true);
});

test.each([
  ["a missing program", "/proc/x", {}, "ENOENT", "/proc/x: no such program"],
  ["one not on the PATH", "no-x", {}, "ENOENT", "no-x: no such program on the PATH /usr/bin:/bin"],
  ["a missing folder", "true", { directory: "/proc/x" }, "ENOENT", "/proc/x: no such folder"],
  ["a file for a folder", "true", { directory: "/etc/passwd" }, "ENOTDIR", "passwd: not a folder"],
  ["a folder for a program", "/etc", {}, "EACCES", "/etc: not an executable file"],
  ["a NUL in its name", "a\0b", {}, "EINVAL", "null bytes"],
  ["a NUL in its environment", "true", { env: { X: "a\0b" } }, "EINVAL", "null bytes"],
  ["too long an environment", "true", { env: { X: tooLong } }, "E2BIG", "E2BIG: its arguments and"],
] as const)("%s is a failure that people understand", async (_, name, more, code, text) => {
  await using launcher = new RealLauncher();
  const child = launcher.launch([name], more);
  expect(child.pid).toBeUndefined();
  const { exit } = await child.ended;
  expect(exit).toMatchObject({ kind: "spawn-failed", code });
  expect(exit).toHaveProperty("message", expect.stringContaining(text));
});

test.each([
  ["plain", "#!/bin/sh\n", 0o644, /: not an executable file$/],
  [
    "astray",
    "#!/proc/nowhere/python3\n",
    0o755,
    /: its interpreter \/proc\/nowhere\/python3 is missing$/,
  ],
])("a script that is %s cannot be started", async (name, content, mode, message) => {
  await using launcher = new RealLauncher();
  const path = join(launcher.folder.path, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  const { exit } = await launcher.launch([path]).ended;
  expect(exit).toHaveProperty("message", expect.stringMatching(message));
});

test("without descriptors nothing is started and nothing breaks", async () => {
  using folder = new TemporaryFolder();
  const script = 'ulimit -n 60; exec "$@"';
  const { stdout } = await run("/bin/bash", [
    "-c",
    script,
    "sh",
    process.execPath,
    fixture("without-descriptors.ts"),
    folder.path,
  ]);
  const failed = { kind: "spawn-failed", code: "EMFILE" };
  expect(JSON.parse(stdout)).toEqual({
    noneForOutput: { exit: expect.objectContaining(failed), lastLines: [] },
    noneForSpawn: { exit: expect.objectContaining(failed), lastLines: [] },
    after: { exit: { kind: "exited", code: 0 }, lastLines: [] },
  });
});

test("two hundred children leave no zombie and no descriptor", async () => {
  await using launcher = new RealLauncher();
  const launch = async (index: number): Promise<void> => {
    const command = index % 3 === 0 ? "/proc/nowhere/x" : "/bin/true";
    await launcher.launch([command], {}, `unit:${index % 20}`).ended;
  };
  const descriptorsAfter = async (count: number): Promise<number> => {
    await Promise.all(Array.from({ length: count }, (_, index) => launch(index)));
    await launcher.escapees.settled();
    // The one by which the kernel tells of quiet files is opened once for all.
    await vi.waitFor(() => expect(launcher.rotation.resting).toBe(20), patience);
    return readdirSync("/proc/self/fd").length;
  };
  const before = await descriptorsAfter(20);
  expect(await descriptorsAfter(200)).toBe(before);
  const zombies = [...allPids()]
    .flatMap((pid) => readStat(pid) ?? [])
    .filter(({ parent, state }) => parent === process.pid && state === "Z");
  expect(zombies).toEqual([]);
  expect(launcher.troubles).toEqual([]);
});

test("a child runs unheard if its output cannot be kept", async () => {
  await using launcher = new RealLauncher();
  mkdirSync(join(launcher.folder.path, "unit.log"));
  const { exit, lastLines } = await launcher.launch([fixture("crasher.sh")]).ended;
  expect(exit).toEqual({ kind: "exited", code: 3 });
  expect(lastLines).toEqual([expect.stringMatching(/^its output is lost: EISDIR/)]);
});
