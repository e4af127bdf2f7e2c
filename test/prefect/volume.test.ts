/** The volume of PREFECT_HOME is not mounted at a start: Prefect itself would begin an empty database. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask } from "../support/prefect-server.ts";

test("everything waits, with a reason, and nothing is written to the empty folder", async (ctx) => {
  const environment = environmentOf("survey", ctx);
  await using place = await Workplace.make({});
  const volume = join(place.directory, "volume");
  const home = join(volume, "prefect");
  await place.configure({
    prefect: { home },
    environment: { path: environment },
    server: { port: place.serverPort },
    pools: [{ name: "runs" }],
  });
  const before = place.start();
  await before.untilReady();
  await ask(place.apiUrl, "/variables/", { name: "seen", value: "yes" });
  expect(await before.end("SIGTERM")).toBe(0);

  await rename(volume, `${volume}.unmounted`);
  await mkdir(volume);
  const daemon = place.start();
  const waiting = await daemon.untilUnit("server", ({ reasonCode }) => reasonCode === "volume");
  expect(waiting.reason).toContain(`${home} has no prefect.db`);
  expect(waiting.next).toContain(`findmnt --target ${home}`);
  const worker = await daemon.unit("worker@runs");
  expect(worker.state).toBe("waiting");
  expect(await readdir(volume)).toEqual([]);

  await rm(volume, { recursive: true });
  await rename(`${volume}.unmounted`, volume);
  await daemon.untilReady();
  const variables = await ask<{ name: string }[]>(place.apiUrl, "/variables/filter", {});
  expect(variables.map(({ name }) => name)).toEqual(["seen"]);
});
