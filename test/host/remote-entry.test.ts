import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AbandonableProcess } from "../../src/host/abandonable-process.ts";
import { lookAtRemote } from "../../src/host/remote-entry.ts";

test("says what is there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sails-entry-"));
  const file = join(folder, "a file; with 'words");
  await writeFile(file, "x");
  execFileSync("mkfifo", [join(folder, "fifo")]);
  expect(await lookAtRemote(folder)).toEqual({ kind: "folder" });
  expect(await lookAtRemote(file)).toEqual({ kind: "file" });
  expect(await lookAtRemote(join(folder, "nothing"))).toEqual({ kind: "absent" });
  expect(await lookAtRemote(join(file, "below"))).toEqual({ kind: "absent" });
  expect(await lookAtRemote(join(folder, "fifo"))).toMatchObject({ kind: "unusable" });
  await rm(folder, { recursive: true });
});

const run = (process: AbandonableProcess, script: string, timeoutMs = 60_000) =>
  process.run({ command: ["/bin/sh", "-c", script], env: {}, timeoutMs, mostBytes: 1_000 });

test("what does not come back is left behind, and nothing else is begun beside it", async () => {
  const process = new AbandonableProcess();
  const first = run(process, "exec sleep 100", 50);
  // Stands for one that cannot be ended: it is asked for while it is under way.
  expect(await run(process, "echo no")).toEqual({ kind: "hangs" });
  expect(await first).toEqual({ kind: "hangs" });
  await expect
    .poll(() => run(process, "echo yes"))
    .toEqual({ kind: "ended", status: 0, stdout: "yes\n" });
});

test("what prints without end is ended, and what cannot be started is said", async () => {
  const process = new AbandonableProcess();
  expect(await run(process, "yes")).toMatchObject({ kind: "failed" });
  const command = ["/nowhere/at/all"] as const;
  const absent = { command, env: {}, timeoutMs: 1_000, mostBytes: 1 };
  expect(await new AbandonableProcess().run(absent)).toMatchObject({ kind: "failed" });
});
