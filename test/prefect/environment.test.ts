/** A real Prefect whose environment is built, replaced and gone back from while flows run in it. */
import { existsSync, readdirSync } from "node:fs";
import { copyFile, mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { createRun, FlowPlace, flowProject, wholeOutput } from "../support/flow-runs.ts";
import { askUntil } from "../support/prefect-server.ts";
import { uvProgram } from "../support/stub-project.ts";

const example = join(import.meta.dirname, "../../examples/survey");
const worker = "worker@runs";

test("flows keep their environment through a switch, a rollback and a new lock, and it goes with the last of them", async (ctx) => {
  const uv = uvProgram(ctx);
  await using flows = await FlowPlace.make("nowhere");
  const { place } = flows;
  const project = join(place.directory, "project");
  const path = join(place.directory, "volume/prefect-env");
  await mkdir(project);
  await mkdir(dirname(path));
  const lock = join(project, "requirements-locked.txt");
  await copyFile(join(example, "pyproject.toml"), join(project, "pyproject.toml"));
  await copyFile(join(example, "requirements-locked.txt"), lock);
  const text = await readFile(lock, "utf8");
  const versions = () => readdirSync(`${path}.versions`);
  await place.configure({
    prefect: { env: { PREFECT_WORKER_QUERY_SECONDS: "2", SAILS_TEST_FLOWS: flowProject } },
    environment: { project, path },
    server: { port: place.serverPort },
    pools: [{ name: "runs", concurrency_limit: 10 }],
    deployments: [{ prefect_yaml: join(flowProject, "prefect.yaml") }],
  });
  const daemon = place.start({ PATH: `${dirname(uv)}:${process.env["PATH"] ?? ""}` });
  const waiting = await daemon.untilUnit("server", ({ reason }) => reason.includes("installs"));
  expect(waiting.reason).toMatch(/^builds the Python environment: installs \d+ packages$/);
  const { environment } = await daemon.until(
    (status) => status.ready || status.environment?.state === "failed",
  );
  expect(environment?.reason).toBe("is what requirements-locked.txt says");
  await daemon.says("units ready");
  const first = await realpath(path);

  const seconds = 150;
  const run = await flows.create("ticker", seconds);
  await flows.until(run, "Running");
  expect((await flows.seen(run))?.environment).toBe(first);

  // Another lock: the worker and the server are replaced, the flow is not.
  const before = (await daemon.status()).units;
  await writeFile(lock, `${text}# another\n`);
  expect((await place.run("env", "sync")).status).toBe(0);
  const second = await realpath(path);
  expect(second).not.toBe(first);
  await daemon.until(
    ({ units, ready }) =>
      ready && units.every(({ name, pid }) => pid !== before.find((one) => one.name === name)?.pid),
  );
  expect((await flows.seen(run))?.environment).toBe(first);
  const short = await flows.create("ticker", 2);
  await askUntil(
    async () => ({ run: await flows.seen(short) }),
    ({ run: seen }) => seen !== undefined,
  );
  expect((await flows.seen(short))?.environment).toBe(second);
  await flows.until(short, "Completed");

  // Back, at once, and forth again.
  expect((await place.run("env", "rollback")).stdout).toContain("an operator went back");
  expect(await realpath(path)).toBe(first);
  await daemon.untilUnit(worker, ({ ready }) => ready);
  expect((await place.run("env", "sync")).status).toBe(0);
  expect(await realpath(path)).toBe(second);

  // Two locks later only the flow holds it.
  await writeFile(lock, `${text}# a third\n`);
  expect((await place.run("env", "sync")).status).toBe(0);
  expect(existsSync(first)).toBe(true);
  expect((await place.run("env")).stdout).toMatch(/ running +1 /);
  const ended = await flows.until(run, "Completed", "Failed", "Crashed", "Cancelled");
  expect([ended.state.name, ended.run_count]).toEqual(["Completed", 1]);
  expect(await flows.printed(run)).toEqual(wholeOutput(seconds));
  await daemon.says(`removed the Python environment`);
  await daemon.until(() => !existsSync(first));
  expect(versions()).toHaveLength(2);
});

test("another Prefect while a flow runs: it ends in the old one, and the way back is not painted over", async (ctx) => {
  const uv = uvProgram(ctx);
  await using flows = await FlowPlace.make("nowhere");
  const { place } = flows;
  const project = join(place.directory, "project");
  const path = join(place.directory, "volume/prefect-env");
  await mkdir(project);
  await mkdir(dirname(path));
  const lock = join(project, "requirements-locked.txt");
  await copyFile(join(example, "pyproject.toml"), join(project, "pyproject.toml"));
  await copyFile(join(import.meta.dirname, "environments/prefect-3.6.4.txt"), lock);
  await place.configure({
    prefect: { env: { PREFECT_WORKER_QUERY_SECONDS: "2", SAILS_TEST_FLOWS: flowProject } },
    environment: { project, path },
    server: { port: place.serverPort },
    pools: [{ name: "runs", concurrency_limit: 10 }],
    deployments: [{ prefect_yaml: join(flowProject, "prefect.yaml") }],
  });
  const daemon = place.start({ PATH: `${dirname(uv)}:${process.env["PATH"] ?? ""}` });
  await daemon.until((status) => status.ready || status.environment?.state === "failed");
  await daemon.says("units ready");
  const prefect = async () => (await daemon.status()).environment?.prefect;
  expect(await prefect()).toBe("3.6.4");
  const old = await realpath(path);
  const end = join(place.directory, "end");
  const run = await createRun(place.apiUrl, "ticker", { parameters: { seconds: 900, until: end } });
  await flows.until(run, "Running");

  const text = await readFile(join(example, "requirements-locked.txt"), "utf8");
  const before = (await daemon.status()).units;
  await writeFile(lock, text);
  const synced = await place.run("env", "sync");
  expect([synced.status, synced.stderr]).toEqual([0, ""]);
  expect(await prefect()).toBe("3.8.8");
  await daemon.until(
    ({ units, ready }) =>
      ready && units.every(({ name, pid }) => pid !== before.find((one) => one.name === name)?.pid),
  );
  expect((await flows.seen(run))?.environment).toBe(old);

  // The server of 3.8.8 has brought the database up to date.
  const back = await place.run("env", "rollback");
  expect(back.stderr).toMatch(
    /^warning: the database is newer than Prefect 3\.6\.4, which does not know its revision \w+: the server cannot start\. `sails-supervisor env rollback` goes forth again/,
  );
  expect(back.status).toBe(0);
  await daemon.untilUnit("server", ({ reason }) => reason.includes("newer than this Prefect"));
  const forth = await place.run("env", "rollback");
  expect([forth.status, forth.stderr]).toEqual([0, ""]);
  await daemon.untilReady();
  expect(await prefect()).toBe("3.8.8");

  // One lock later only the flow holds it.
  await writeFile(lock, `${text}# another\n`);
  expect((await place.run("env", "sync")).status).toBe(0);
  expect(existsSync(old)).toBe(true);
  await writeFile(end, "");
  const ended = await flows.until(run, "Completed", "Failed", "Crashed", "Cancelled");
  expect([ended.state.name, ended.run_count]).toEqual(["Completed", 1]);
  expect((await flows.printed(run)).at(-1)).toBe("the last word");
  await daemon.says("removed the Python environment");
  await daemon.until(() => !existsSync(old));
});
