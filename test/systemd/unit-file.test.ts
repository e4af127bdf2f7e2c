import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const file = "systemd/sails-supervisor.service";

/** What `systemd-analyze verify` finds in the unit, with a program that exists on this machine. */
async function verify(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sails-unit-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const program = join(folder, "sails-supervisor");
  await writeFile(program, "#!/bin/sh\n");
  await chmod(program, 0o755);
  const unit = join(folder, "sails-supervisor.service");
  await writeFile(unit, text.replace("/usr/bin/sails-supervisor", program));
  const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", unit]).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  return (stdout + stderr)
    .split("\n")
    .filter((line) => line.includes("sails-supervisor.service"))
    .join("\n");
}

const hasAnalyze = () =>
  run("systemd-analyze", ["--version"]).then(
    () => true,
    () => false,
  );

test("systemd accepts the unit, and would not accept a wrong word in it", async (ctx) => {
  if (!(await hasAnalyze())) ctx.skip("systemd-analyze is not on this machine");
  const text = await readFile(file, "utf8");
  expect(await verify(text)).toBe("");
  expect(await verify(text.replace("KillMode=process", "KillMode=proces"))).toContain("kill mode");
});

test("what the promises rest on stands in it", async () => {
  const text = await readFile(file, "utf8");
  for (const line of [
    "Type=notify",
    "KillMode=process",
    "Restart=always",
    "Delegate=yes",
    "OOMPolicy=continue",
    "RuntimeDirectoryPreserve=restart",
    "StartLimitIntervalSec=0",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});
