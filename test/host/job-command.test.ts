import { expect, test } from "vitest";
import { mostLines, runJobCommand } from "../../src/host/job-command.ts";
import { gone } from "../support/daemon-process.ts";

async function run(script: string, changes: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const lines: string[] = [];
  const end = await runJobCommand({
    command: ["/bin/sh", "-c", script],
    env: { PATH: "/usr/bin:/bin" },
    directory: "/",
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    line: (text) => lines.push(text),
    ...changes,
  });
  return { ...end, lines };
}

test("its exit status is the result, its lines are told", async () => {
  expect(await run("echo one; echo two >&2; printf three")).toMatchObject({
    kind: "succeeded",
    lines: expect.arrayContaining(["one", "two", "three"]),
  });
  expect(await run("echo why; exit 3")).toEqual({
    kind: "failed",
    how: "exited with status 3",
    lastLine: "why",
    lines: ["why"],
  });
  expect(await run("kill -9 $$")).toMatchObject({ how: "was ended by SIGKILL" });
});

test("one that is not there", async () => {
  const end = await runJobCommand({
    command: ["/no/such/program"],
    env: {},
    directory: "/",
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    line: () => undefined,
  });
  expect(end.kind).toBe("failed");
  expect(end.how).toContain("could not be started");
});

test("however much it prints, little is told and less is kept", async () => {
  const { lines, kind } = await run(`seq 1 100000; head -c 300000000 /dev/zero | tr '\\0' x`);
  expect(kind).toBe("succeeded");
  expect(lines).toHaveLength(mostLines + 1);
  expect(lines.at(-1)).toMatch(/^… and 99801 more lines/);
  expect(process.memoryUsage().rss).toBeLessThan(400 * 1024 ** 2);
});

test("one that takes too long is ended, with what it has started", async () => {
  const end = await run("sleep 600 & echo $!; wait", { timeoutMs: 300 });
  expect(end).toMatchObject({ kind: "timeout", how: "took too long and was ended" });
  await gone(Number(end.lastLine));
});

test("one that is told to stop", async () => {
  const stop = new AbortController();
  const begun = run("sleep 600", { signal: stop.signal });
  stop.abort();
  expect(await begun).toMatchObject({ kind: "cut-short" });
});
