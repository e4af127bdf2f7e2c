import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { JournalOutput } from "../../src/host/journal-output.ts";
import type { OpenedOutput } from "../../src/host/output.ts";
import { OutputFile } from "../../src/host/output-file.ts";
import { TemporaryFolder } from "./real-launcher.ts";

/** A child with such an output, as the launcher starts it; resolves at its end. */
async function print(output: OpenedOutput, script: string): Promise<void> {
  const { stdio, env } = output;
  const child = spawn("/bin/sh", ["-c", script], {
    stdio: ["ignore", stdio, stdio],
    env: { PATH: "/usr/bin:/bin", ...env },
  });
  output[Symbol.dispose]();
  await once(child, "exit");
}

function outputIn(folder: TemporaryFolder): { output: JournalOutput; troubles: string[] } {
  const troubles: string[] = [];
  const output = new JournalOutput({
    socket: join(folder.path, "journald"),
    identifier: "prefect-worker@a\nb",
    file: () => new OutputFile(join(folder.path, "unit.log")),
    report: (trouble) => troubles.push(trouble),
  });
  return { output, troubles };
}

test("a stream has its header first, whatever the child's haste, and blocks for it", async () => {
  using folder = new TemporaryFolder();
  const { output, troubles } = outputIn(folder);
  const journald = createServer({ allowHalfOpen: true });
  await once(journald.listen(join(folder.path, "journald")), "listening");
  const heard = once(journald, "connection").then(([socket]) => {
    // As journald does: nobody ever hears from it.
    socket.end();
    return buffer(socket);
  });
  const opened = output.open();
  // 0o4000 is O_NONBLOCK.
  await print(opened, `echo "<4>first"; grep '^flags' /proc/self/fdinfo/1; echo "$JOURNAL_STREAM"`);
  expect((await heard).toString()).toBe(
    `prefect-worker@a b\n\n6\n1\n0\n0\n0\n<4>first\nflags:\t02\n${opened.env?.["JOURNAL_STREAM"]}\n`,
  );
  expect(opened.env?.["JOURNAL_STREAM"]).toMatch(/^\d+:\d+$/);
  expect(output.isInJournal).toBe(true);
  expect(troubles).toEqual([]);
  expect(existsSync(join(folder.path, "unit.log"))).toBe(false);
  journald.close();
});

test("without journald the output goes to the file, and that is said", async () => {
  using folder = new TemporaryFolder();
  const { output, troubles } = outputIn(folder);
  await print(output.open(), "echo words; echo $JOURNAL_STREAM");
  expect(readFileSync(join(folder.path, "unit.log"), "utf8")).toBe("words\n\n");
  expect(output.isInJournal).toBe(false);
  expect(await output.lastLines({ kind: "exited", code: 1 })).toEqual(["words"]);
  expect(troubles).toEqual([expect.stringMatching(/^journald does not take the output of /)]);
});
