/** The import rules of ARCHITECTURE.md bite: a planted violation of each is an error. */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const oxlint = resolve("node_modules/oxlint/bin/oxlint");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "import-rules-"));
  await copyFile(".oxlintrc.json", join(folder, ".oxlintrc.json"));
});
afterAll(() => rm(folder, { recursive: true }));

async function lint(file: string, line: string): Promise<string> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${line}\n`);
  const found = await run(process.execPath, [oxlint, file], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  await rm(path);
  return found.stdout;
}

const take = (from: string): string => `export { x } from "${from}";`;

test.each([
  ["src/supervision/planted.ts", take("node:fs"), "supervision imports itself only"],
  ["src/supervision/planted.ts", take("execa"), "supervision imports itself only"],
  ["src/supervision/planted.ts", take("../host/clock.ts"), "supervision imports itself only"],
  ["src/supervision/planted.ts", "export const now = () => Date.now();", "time is an argument"],
  ["src/supervision/planted.ts", "export const x = () => Math.random();", "dice are an argument"],
  ["src/config/planted.ts", take("../prefect/units.ts"), "config imports itself"],
  ["src/prefect/declared/planted.ts", take("../../host/clock.ts"), "prefect imports supervision"],
  ["src/prefect/planted.ts", take("../supervision/supervisor.ts"), "it runs none"],
  ["src/prefect/planted.ts", take("execa"), "only host/ starts processes"],
  ["src/services/planted.ts", take("../prefect/units.ts"), "services imports supervision"],
  ["src/jobs/planted.ts", take("node-cron"), "jobs imports itself"],
  ["src/jobs/planted.ts", take("../host/cron.ts"), "jobs imports itself"],
  ["src/jobs/planted.ts", "export const now = () => Date.now();", "time is an argument"],
  ["src/host/planted.ts", take("../config/config.ts"), "host imports the ports"],
  ["src/checks/planted.ts", take("../host/looker.ts"), "the machine comes by checks/ports.ts"],
  ["src/init/planted.ts", take("../host/processes.ts"), "the machine comes by init/ports.ts"],
  ["src/notify/planted.ts", take("../host/notify.ts"), "notify imports types"],
  ["src/notify/planted.ts", take("node:http"), "notify imports types"],
  ["src/notify/planted.ts", "export const now = () => Date.now();", "time is an argument"],
  ["src/doctor/planted.ts", take("../host/eyes.ts"), "the machine comes by doctor/ports.ts"],
  ["src/doctor/examinations/planted.ts", take("../../host/eyes.ts"), "comes by doctor/ports.ts"],
  ["src/host/planted.ts", take("../prefect/units.ts"), "host knows the ports alone"],
  ["src/host/planted.ts", take("../prefect/exits.ts"), "host knows the ports alone"],
  ["src/host/planted.ts", take("../prefect/environment/plan.ts"), "host knows the ports alone"],
  ["src/metrics/planted.ts", take("../supervision/unit-runner.ts"), "metrics cannot steer"],
  ["src/control/planted.ts", take("../daemon.ts"), "control gets snapshots handed"],
  ["src/cli/planted.ts", take("../supervision/supervisor.ts"), "cli talks to the daemon"],
  ["src/cli/planted.ts", "export const home = process.env.HOME;", "read the environment"],
])("%s: %s", async (file, line, message) => {
  expect(await lint(file, line)).toContain(message);
});

test.each([
  ["src/supervision/planted.ts", take("./time.ts")],
  ["src/config/planted.ts", take("../supervision/time.ts")],
  ["src/prefect/planted.ts", take("../supervision/unit-spec.ts")],
  ["src/jobs/planted.ts", take("../supervision/time.ts")],
  ["src/host/planted.ts", take("../jobs/ports.ts")],
  ["src/host/planted.ts", take("../supervision/ports.ts")],
  ["src/host/planted.ts", take("../prefect/ports.ts")],
  ["src/host/planted.ts", take("../prefect/environment/ports.ts")],
  ["src/checks/planted.ts", take("../supervision/time.ts")],
  ["src/init/planted.ts", take("../config/env-file.ts")],
  ["src/notify/planted.ts", take("../control/status.ts")],
  ["src/host/planted.ts", take("../notify/ports.ts")],
  ["src/doctor/planted.ts", take("../prefect/installation.ts")],
  ["src/host/planted.ts", take("../doctor/ports.ts")],
  ["src/metrics/planted.ts", take("../supervision/unit-view.ts")],
  ["src/cli/planted.ts", take("../control/client.ts")],
])("%s may: %s", async (file, line) => {
  expect(await lint(file, line)).not.toContain("no-restricted");
});
