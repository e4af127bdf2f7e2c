import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { openLifeline } from "../../src/host/lifeline.ts";
import { signalGroup } from "../../src/host/signals.ts";
import { fixture, patience, TemporaryFolder } from "./real-launcher.ts";

const run = promisify(execFile);

function makeFifo(): string {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const path = join(folder.path, "lifeline");
  execFileSync("mkfifo", [path]);
  return path;
}

/** A shell that holds the lifeline as descriptor 3. */
function hold(path: string, script: string): ChildProcess {
  const fd = openSync(path, "r+");
  const child = spawn("/bin/sh", ["-c", script], {
    stdio: ["pipe", "pipe", "ignore", fd],
    detached: true,
  });
  closeSync(fd);
  onTestFinished(() => void signalGroup(child.pid ?? 0, "SIGKILL"));
  return child;
}

const descriptors = (): number => readdirSync("/proc/self/fd").length;

test("the end of the last writer is told once", async () => {
  const path = makeFifo();
  const child = hold(path, "exec sleep 1000");
  const ended = vi.fn<() => void>();
  expect(openLifeline(path, ended)).toBeDefined();
  await turn();
  expect(ended).not.toHaveBeenCalled();
  child.kill("SIGKILL");
  await vi.waitFor(() => expect(ended).toHaveBeenCalled(), patience);
  // Whoever writes now is not the one that it was opened for.
  closeSync(openSync(path, "r+"));
  await turn();
  expect(ended).toHaveBeenCalledTimes(1);
});

test("one whose writer has gone already is opened without waiting for another, and tells nothing", async () => {
  const path = makeFifo();
  const ended = vi.fn<() => void>();
  expect(openLifeline(path, ended)).toBeDefined();
  await turn();
  expect(ended).not.toHaveBeenCalled();
});

test("a child that was forked with it puts the end off", async () => {
  const path = makeFifo();
  const child = hold(path, "sleep 1000 & echo $!; exec sleep 1000");
  const ended = vi.fn<() => void>();
  openLifeline(path, ended);
  const [forked] = await once(child.stdout ?? child, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  await turn();
  expect(ended).not.toHaveBeenCalled();
  process.kill(Number(String(forked)), "SIGKILL");
  await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1), patience);
});

test("what is said on it is dropped, and stops nobody", async () => {
  const path = makeFifo();
  const ended = vi.fn<() => void>();
  const child = hold(path, "read _; head -c 1000000 /dev/zero >&3");
  openLifeline(path, ended);
  const exited = once(child, "exit");
  child.stdin?.write("go\n");
  expect(await exited).toEqual([0, null]);
  await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1), patience);
});

test("what was disposed of tells nothing and holds nothing", async () => {
  const path = makeFifo();
  const child = hold(path, "exec sleep 1000");
  const before = descriptors();
  const ended = vi.fn<() => void>();
  openLifeline(path, ended)?.[Symbol.dispose]();
  await vi.waitFor(() => expect(descriptors()).toBe(before), patience);
  child.kill("SIGKILL");
  await once(child, "exit");
  await turn();
  expect(ended).not.toHaveBeenCalled();
});

test("what is no FIFO is no lifeline", () => {
  const path = makeFifo();
  writeFileSync(`${path}.file`, "");
  const before = descriptors();
  for (const other of [`${path}.file`, `${path}.missing`, "/dev/null", join(path, "below")]) {
    expect(openLifeline(other, expect.unreachable)).toBeUndefined();
  }
  expect(descriptors()).toBe(before);
});

test("it does not keep a program from ending", async () => {
  const path = makeFifo();
  hold(path, "exec sleep 1000");
  const { stdout } = await run(process.execPath, [fixture("watch-lifeline.ts"), path]);
  expect(stdout).toBe("it lives\n");
});
