/** What hangs is found by more than one sign, and replaced; nobody is blamed for somebody else. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import type { DoctorReport } from "../../src/doctor/finding.ts";
import { type DaemonProcess, Workplace } from "../support/daemon-process.ts";
import { FlowPlace, wholeOutput } from "../support/flow-runs.ts";
import { environmentOf } from "../support/prefect-environments.ts";

const worker = "worker@runs";

async function started(place: Workplace): Promise<DaemonProcess> {
  const daemon = place.start();
  await daemon.untilReady();
  await daemon.says("units ready");
  return daemon;
}

/** Alive, and silent. What ends it is SIGKILL. */
function freeze(pid: number | null): void {
  if (pid === null) throw new Error("there is no process");
  process.kill(pid, "SIGSTOP");
  onTestFinished(() => {
    try {
      process.kill(pid, "SIGCONT");
    } catch {
      // It has gone, as it should.
    }
  });
}

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (name) => {
  test("a worker that is frozen is replaced, and its flows live", async (ctx) => {
    await using flows = await FlowPlace.make(environmentOf(name, ctx));
    const daemon = await started(flows.place);
    const seconds = 100;
    const run = await flows.create("ticker", seconds);
    await flows.until(run, "Running");
    const [server, before] = [await daemon.unit("server"), await daemon.unit(worker)];
    freeze(before.pid);
    await daemon.untilUnit(worker, ({ ready, pid }) => ready && pid !== before.pid);
    expect(daemon.output).toContain("its process has been stopped by a signal (SIGSTOP)");
    expect((await daemon.unit("server")).pid).toBe(server.pid);
    const ended = await flows.until(run, "Completed", "Failed", "Crashed", "Cancelled");
    expect(ended.state.name).toBe("Completed");
    expect(await flows.printed(run)).toEqual(wholeOutput(seconds));
    await daemon.end("SIGTERM");
  });
});

test("a server that is frozen is replaced, and no worker is blamed", async (ctx) => {
  await using flows = await FlowPlace.make(environmentOf("survey", ctx));
  const daemon = await started(flows.place);
  const [before, ours] = [await daemon.unit("server"), await daemon.unit(worker)];
  freeze(before.pid);
  await daemon.untilUnit("server", ({ ready, pid }) => ready && pid !== before.pid);
  await daemon.untilReady();
  const after = await daemon.unit(worker);
  expect([after.pid, after.restarts]).toEqual([ours.pid, ours.restarts]);
  expect(daemon.output).not.toMatch(/worker@runs: (is stopped|is drained)/);
  await daemon.end("SIGTERM");
});

test("a scheduler that makes no runs is a problem with its cure", async (ctx) => {
  const path = environmentOf("survey", ctx);
  const place = await Workplace.make({});
  const file = (name: string) => join(place.directory, name);
  await writeFile(file("f.py"), "from prefect import flow\n\n@flow\ndef f():\n    pass\n");
  const deployment = { name: "hourly", entrypoint: "f.py:f", work_pool: { name: "runs" } };
  const deployments = [{ ...deployment, schedules: [{ interval: 3600 }] }];
  await writeFile(file("prefect.yaml"), stringify({ name: "p", deployments }));
  await place.configure({
    prefect: { env: { PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED: "false" } },
    environment: { path },
    server: { port: place.serverPort },
    pools: [{ name: "runs" }],
    deployments: [{ prefect_yaml: file("prefect.yaml") }],
  });
  const daemon = await started(place);
  const { pid } = await daemon.unit("server");
  await daemon.says("Prefect's scheduler makes no runs: f/hourly has an active schedule");
  const { problems } = await daemon.status();
  expect(problems.find(({ id }) => id === "scheduler")).toMatchObject({
    what: expect.stringContaining(
      "It is switched off by PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED",
    ),
    cure: expect.stringContaining(
      "Take PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED out of prefect.env",
    ),
  });
  expect((await daemon.unit("server")).pid).toBe(pid);
  const { stdout } = await place.run("doctor", "--json");
  const { findings } = JSON.parse(stdout) as DoctorReport;
  expect(findings.map(({ id }) => id)).toContain("daemon:scheduler");
  await daemon.end("SIGTERM");
});
