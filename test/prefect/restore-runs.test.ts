/** A backup that is put back while flows of a real Prefect run: what becomes of each. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRun, FlowPlace } from "../support/flow-runs.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask, askUntil } from "../support/prefect-server.ts";

test.for(["survey", "prefect-3.6.4"])("with %s", async (name, ctx) => {
  await using flows = await FlowPlace.make(environmentOf(name, ctx));
  const { place } = flows;
  const daemon = place.start();
  await daemon.untilReady();
  await daemon.says("units ready");
  /** A run that is under way until its file is there. */
  const begin = async (word: string) => {
    const until = join(place.directory, `end-${word}`);
    const id = await createRun(place.apiUrl, "ticker", { parameters: { seconds: 600, until } });
    await flows.until(id, "Running");
    return { id, end: () => writeFile(until, "") };
  };

  const [through, ended] = await Promise.all([begin("through"), begin("ended")]);
  expect((await place.run("backup")).status).toBe(0);
  await ended.end();
  await flows.until(ended.id, "Completed");
  await flows.gone(ended.id);
  const later = await begin("later");
  const { backups } = JSON.parse((await place.run("backup", "list", "--json")).stdout) as {
    backups: { file: string }[];
  };
  const file = backups[0]?.file ?? "";

  const before = await daemon.status();
  const refused = await place.run("backup", "restore", file, "--yes");
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("nothing was done, for 2 flow runs are under way here: ");
  const untouched = await daemon.status();
  expect(untouched.units.map(({ pid }) => pid)).toEqual(before.units.map(({ pid }) => pid));

  const restored = await place.run("backup", "restore", file, "--yes", "--force");
  expect(restored.stderr).toContain("They go on, and wait for the server.");
  expect(restored.stdout).toContain(`${file} is the database now`);
  expect(restored.status).toBe(0);

  // What has ended since the backup is Running in it, and has no process.
  const settled = await flows.until(ended.id, "Crashed", "Completed");
  expect(settled.state.name).toBe("Crashed");
  // What was running then and is now has gone on, in one and the same process.
  expect((await flows.seen(through.id))?.pid).toBeGreaterThan(1);
  await through.end();
  const whole = await flows.until(through.id, "Completed", "Crashed", "Failed");
  expect([whole.state.name, whole.run_count]).toEqual(["Completed", 1]);
  expect((await flows.printed(through.id)).at(-1)).toBe("the last word");
  // What began since is not known; it ends, and nothing is made of it.
  await later.end();
  await flows.gone(later.id);
  expect(await ask<number>(place.apiUrl, "/flow_runs/count", {})).toBe(2);
  await askUntil(
    async () => ({ status: (await place.run("status")).status }),
    ({ status }) => status === 0,
  );
});
