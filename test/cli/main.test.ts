import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { crashed, FakePlane, statusOf, unit } from "../control/support/fake-plane.ts";
import { socketOf } from "../control/support/servers.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const program = `'${process.execPath}' '${main}'`;
const sick = () => new FakePlane(statusOf([unit("server"), crashed("worker@vm")]));

async function daemon(plane: FakePlane) {
  const stateDir = temporaryFolder();
  await socketOf(plane, stateDir);
  const { PATH } = process.env;
  return { stateDir, env: { PATH, TERM: "xterm", SAILS_STATE_DIR: stateDir } };
}

/** In a shell. */
async function sh(command: string, env: NodeJS.ProcessEnv) {
  try {
    return { status: 0, ...(await promisify(execFile)("bash", ["-c", command], { env })) };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && "stdout" in error)) throw error;
    return { status: error.code, stdout: String(error.stdout) };
  }
}

function start(words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, [main, ...words], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

test("through a pipe: no colours, and the exit status of the daemon's health", async () => {
  const { env } = await daemon(sick());
  const { status, stdout } = await sh(`${program} status`, env);
  expect(status).toBe(4);
  expect(stdout).toContain("worker@vm");
  expect(stdout).not.toContain("\u001b");
});

test("on a terminal: colours, unless NO_COLOR says otherwise", async () => {
  const { env } = await daemon(sick());
  const onTerminal = `script -qec "${program} status" /dev/null </dev/null`;
  expect((await sh(onTerminal, env)).stdout).toContain("\u001b[31mbackoff");
  expect((await sh(onTerminal, { ...env, NO_COLOR: "1" })).stdout).not.toContain("\u001b");
});

test("a reader that leaves early is no fault", async () => {
  const { stateDir, env } = await daemon(sick());
  mkdirSync(join(stateDir, "logs"));
  writeFileSync(join(stateDir, "x"), "line\n".repeat(200_000));
  const plane = new FakePlane(statusOf([unit("server", { log: join(stateDir, "x") })]));
  const other = await daemon(plane);
  const { stdout } = await sh(`${program} logs -n 200000 2>&1 | head -1`, { ...env, ...other.env });
  expect(stdout).toBe("line\n");
});

test.each([
  ["status", "--watch"],
  ["logs", "-f"],
])("Ctrl-C ends %s %s with 0", async (...words) => {
  const log = join(temporaryFolder(), "server.log");
  writeFileSync(log, "server\n");
  const { env } = await daemon(new FakePlane(statusOf([unit("server", { log })])));
  const child = start(words, env);
  if (child.stdout === null) throw new Error("no output");
  await once(child.stdout, "data");
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("JSON of 1000 units comes whole through a pipe", async () => {
  const units = Array.from({ length: 1000 }, (_, i) => unit(`service@s${i}`));
  const { env } = await daemon(new FakePlane(statusOf(units)));
  const { stdout } = await sh(`${program} status --json | cat`, env);
  expect(JSON.parse(stdout).units).toHaveLength(1000);
});
