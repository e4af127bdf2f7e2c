/**
 * What a real Prefect prints under a real systemd: levels, one run's output over hot restarts, and
 * no secret in any of it. One installation for all.
 */
import { expect, type TestContext, test } from "vitest";
import { createRun } from "../support/flow-runs.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import type { Entry } from "../support/systemd/container.ts";
import { InstalledFlows } from "../support/systemd/installed-flows.ts";
import { sharedContainer } from "../support/systemd/shared-container.ts";

const patient = { timeout: 300_000 };

const shared = sharedContainer();
let installing: Promise<InstalledFlows> | undefined;

async function running(ctx: Pick<TestContext, "skip">): Promise<InstalledFlows> {
  const environment = environmentOf("survey", ctx);
  const container = await shared(ctx);
  installing ??= InstalledFlows.install(container, environment, { stop_timeout: "2s" });
  const flows = await installing;
  await flows.running();
  return flows;
}

const worse = async (flows: InstalledFlows, identifier: string): Promise<readonly Entry[]> =>
  flows.container.journal("-t", identifier, "-p", "warning");

test("warnings, errors and tracebacks are found by their level, whole", patient, async (ctx) => {
  const flows = await running(ctx);
  const { daemon, container } = flows;
  const failing = await flows.create({ until: "fails" });
  await flows.until(failing, "Failed", "Crashed");
  const strange = await createRun(await flows.apiUrl(), "ticker", {
    parameters: { seconds: 1 },
    job_variables: { command: "sh -c 'exit 77'" },
  });
  await flows.until(strange, "Crashed");

  const ofRuns = (await worse(flows, "prefect-run")).map(({ message }) => message);
  expect(ofRuns).toContainEqual(expect.stringMatching(/\| ERROR +\| /));
  const from = ofRuns.indexOf("Traceback (most recent call last):");
  expect(from).not.toBe(-1);
  expect(ofRuns.slice(from)).toContainEqual(expect.stringMatching(/^\s+File /));
  const end = ofRuns.indexOf("ValueError: no such telescope", from);
  expect(ofRuns[end + 1]).toBe("in the list");
  const all = await container.journal("-t", "prefect-run");
  expect(all.filter(({ message }) => /^<\d>/.test(message))).toEqual([]);
  expect(
    all.filter(({ message, priority }) => message.includes("| INFO ") && priority !== 6),
  ).toEqual([]);

  const ofWorker = await worse(flows, "prefect-worker@runs");
  const exited = expect.stringMatching(/ERROR.*Process exited with status code: 77/);
  expect(ofWorker).toContainEqual(expect.objectContaining({ message: exited, priority: 3 }));
  const told = await daemon.run("logs", "worker@runs", "-p", "warning");
  expect(told.stdout.trimEnd().split("\n")).toContainEqual(exited);
  expect(told.stdout).not.toContain("| INFO ");
  const quiet = await container.journal("-t", "prefect-worker@runs", "-p", "6..7");
  expect(quiet.map(({ message }) => message).join("\n")).toMatch(/Worker '.*' started!/);
});

test(
  "a run's output is whole and in order over hot restarts of its worker",
  patient,
  async (ctx) => {
    const flows = await running(ctx);
    const { daemon, container } = flows;
    const until = "/tmp/may-end";
    const id = await flows.create({ until });
    await flows.until(id, "Running");
    expect((await daemon.run("restart", "worker@runs")).status).toBe(0);
    await daemon.order("restart");
    await daemon.untilReady(120_000);
    await container.ask(["touch", until]);
    await flows.until(id, "Completed");
    await container.until("its process has ended", async () =>
      (await daemon.runs()).some((run) => run.id === id) ? undefined : true,
    );
    const printed = await flows.printed(id);
    const shown = (await daemon.run("logs", "--run", id)).stdout.trimEnd().split("\n");
    expect(shown[0]).toBe(`sails-supervisor: flow run ${id} begins`);
    expect(shown).toEqual((await flows.output(id)).map(({ message }) => message));
    expect(printed.length).toBeGreaterThan(1);

    const { name } = await flows.seen(id);
    expect((await daemon.run("logs", "--run", name)).stdout.trimEnd().split("\n")).toEqual(shown);
    const byBeginning = await daemon.run("logs", "--run", id.slice(0, 13), "--json");
    expect(byBeginning.stdout.trimEnd().split("\n").map(lineOf)).toEqual(shown);
    const errors = await daemon.run("logs", "--run", id, "-p", "error");
    expect(errors.stdout).toBe("");
  },
);

const lineOf = (json: string): unknown => Reflect.get(JSON.parse(json) as object, "line");
