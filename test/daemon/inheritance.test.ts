/** What is left of an earlier daemon and belongs to no unit, where SIGTERM would end somebody's work. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Inheritance } from "../../src/daemon/inheritance.ts";
import { Memory, recollect } from "../../src/daemon/memory.ts";
import { AtomicFile } from "../../src/host/atomic-file.ts";
import { systemClock } from "../../src/host/clock.ts";
import { isThere } from "../../src/host/processes.ts";
import type { UnitSpec } from "../../src/supervision/unit-spec.ts";
import { RealLauncher } from "../host/real-launcher.ts";
import { unitSpec } from "../support/unit-specs.ts";

const flow = `PREFECT__FLOW_RUN_ID=x setsid -f sh -c 'echo "flow $$"; exec sleep 1000'`;
/** As a worker does: SIGTERM would be told to its flows. */
const worker = `trap 'echo asked' TERM; ${flow}; echo "worker $$"; while :; do read -r x || sleep 1000; done`;

async function inherit(launcher: RealLauncher, id: string, specs: readonly UnitSpec[]) {
  const file = (name: string) => new AtomicFile(join(launcher.folder.path, name));
  await file("supervisor-id").write(id);
  const { remembered } = await recollect(
    file("state.json"),
    file("supervisor-id"),
    () => undefined,
  );
  const said: string[] = [];
  const inheritance = new Inheritance(
    {
      clock: systemClock,
      memory: new Memory(file("state.json"), remembered, (trouble) => said.push(trouble)),
      lifelines: launcher.lifelines,
      adopt: (unit, child) => launcher.adopt(child, unit),
      isOurs: () => false,
      foreignVariable: "PREFECT__FLOW_RUN_ID",
      tell: (_, message) => said.push(message),
      lost: (unit, why) => said.push(`${unit}: ${why}`),
    },
    specs,
  );
  return { inheritance, said };
}

async function startWorker(launcher: RealLauncher, id: string) {
  await launcher.lifelines.prepare(["worker@a"]);
  const env = { PATH: "/usr/bin:/bin", SAILS_SUPERVISOR_ID: id };
  const command = ["/bin/sh", "-c", worker] as const;
  const child = launcher.launch(command, { killMode: "process", env }, "worker@a");
  await launcher.said(/^worker \d+$/m, "worker@a");
  return { child, run: await launcher.saidPid("flow", "worker@a") };
}

test("a worker that no unit asks for is killed without a word, and its flow runs on", async () => {
  const id = randomUUID();
  await using launcher = new RealLauncher();
  const { child, run } = await startWorker(launcher, id);
  const { inheritance, said } = await inherit(launcher, id, []);
  expect(inheritance.blocker?.why).toContain("are ended first");
  expect(inheritance.adoptable("worker@a")).toBeUndefined();
  await inheritance.endRest();
  expect((await child.ended).exit).toEqual({ kind: "signaled", signal: "SIGKILL" });
  expect(launcher.output("worker@a")).not.toContain("asked");
  expect(isThere(run)).toBe(true);
  expect(said).toEqual([expect.stringMatching(/^ended \d+ processes of an earlier daemon/)]);
});

test("one that is asked for is taken over once, and nothing of it is ended", async () => {
  const id = randomUUID();
  await using launcher = new RealLauncher();
  const { child } = await startWorker(launcher, id);
  const asked = unitSpec("worker@a");
  const { inheritance, said } = await inherit(launcher, id, [asked, unitSpec("worker@b")]);
  expect(inheritance.blocker).toBeUndefined();
  const adoptable = inheritance.adoptable("worker@a");
  expect(adoptable).toMatchObject({ child: { pid: child.pid }, spawns: 1, isSame: false });
  expect(inheritance.adoptable("worker@a"), "a second time").toBeUndefined();
  expect(inheritance.adoptable("worker@b")).toBeUndefined();
  await inheritance.endRest();
  inheritance.tellOfLosses();
  expect(said).toEqual([]);
  expect(launcher.output("worker@a")).not.toContain("asked");
});
