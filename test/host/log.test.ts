import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLog } from "../../src/host/log.ts";
import { TemporaryFolder } from "./real-launcher.ts";

test("the last words are out in their order when the program may end", async () => {
  using folder = new TemporaryFolder();
  for (let turn = 0; turn < 20; turn += 1) {
    const file = join(folder.path, `log-${turn}`);
    const fd = openSync(file, "a");
    const log = openLog(fd, {});
    const lines = ["first", "second", "third"];
    for (const line of lines) log.write("error", line);
    await log.written();
    closeSync(fd);
    expect(readFileSync(file, "utf8").match(/\w+$/gm)).toEqual(lines);
  }
});
