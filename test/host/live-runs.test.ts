import { once } from "node:events";
import { expect, test } from "vitest";
import { liveRuns } from "../../src/host/live-runs.ts";
import { RunFolder } from "./run-folder.ts";

test("those whose process is there, of this boot, and whose record can be read", async () => {
  await using folder = new RunFolder();
  expect(liveRuns(folder.path)).toEqual([]);
  folder.run("alive");
  folder.run("of-another-boot", undefined, { boot_id: "another" });
  folder.run("of-another-process", undefined, { start_time: 1 });
  folder.run("of-the-future", undefined, { version: 99 });
  await once(folder.run("ended", "exit 0"), "exit");
  expect(liveRuns(folder.path).map(({ flowRunId }) => flowRunId)).toEqual(["alive"]);
});
