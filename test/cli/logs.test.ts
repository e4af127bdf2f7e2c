import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { FakePlane, statusOf, unit } from "../control/support/fake-plane.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";
import { cli, fakeContext, withDaemon } from "./support/fake-context.ts";

/** A state folder with the output of units, and no daemon. */
function withLogs(files: Readonly<Record<string, string>>) {
  const stateDir = temporaryFolder();
  mkdirSync(join(stateDir, "logs"));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(stateDir, "logs", name), content);
  const logs = (unitName: string): string => join(stateDir, "logs", `${unitName}.log`);
  return { env: { SAILS_STATE_DIR: stateDir }, logs };
}

describe("without a daemon", () => {
  test("one unit's lines are as it wrote them", async () => {
    const { env } = withLogs({ "server.log": "one\n\u001b[31mtwo\u001b[0m\u0007\nrest" });
    const { status, out } = await cli(["logs", "server"], { env });
    expect([status, out]).toEqual([0, "one\n\u001b[31mtwo\u001b[0m\u0007\nrest\n"]);
  });

  test("several have their names before them", async () => {
    const { env } = withLogs({ "server.log": "s1\ns2\n", "worker@vm.log": "w1\nw2\nw3\n" });
    const { out } = await cli(["logs", "-n", "2"], { env });
    expect(out).toMatchInlineSnapshot(`
      "server    | s1
      server    | s2
      worker@vm | w2
      worker@vm | w3
      "
    `);
  });

  test("in colours on a terminal, and what would move its cursor is not obeyed", async () => {
    const { env } = withLogs({ "a.log": "\u001b[31mred\u001b[2J\rx\ty\n", "b.log": "b\n" });
    const { out } = await cli(["logs"], { env, isTerminal: true });
    expect(out).toBe(
      "\u001b[36ma | \u001b[39m\u001b[31mred\ufffd[2J\ufffdx\ty\u001b[0m\n\u001b[33mb | \u001b[39mb\n",
    );
    const plain = await cli(["logs"], { env: { ...env, NO_COLOR: "1" }, isTerminal: true });
    expect(plain.out).toContain("b | b\n");
  });

  test("as JSON", async () => {
    const { env } = withLogs({ "server.log": '"quoted"\n' });
    const { out } = await cli(["logs", "--json"], { env });
    expect(JSON.parse(out)).toEqual({
      unit: "server",
      line: '"quoted"',
      at: null,
      level: "info",
    });
  });

  test("a name with a slash is that of the unit", async () => {
    const { env } = withLogs({ "worker@a%2Fb.log": "x\n", "server.log": "y\n" });
    expect(await cli(["logs", "worker@a/b"], { env })).toMatchObject({ status: 0, out: "x\n" });
  });

  test.each([
    [["worker@x"], 2],
    [["-n", "many"], 2],
    [["-n", "-1"], 2],
  ])("%o ends with %i", async (words, status) => {
    const { env } = withLogs({ "server.log": "" });
    expect((await cli(["logs", ...words], { env })).status).toBe(status);
  });

  test("nor any output, it says that there is no daemon", async () => {
    expect((await cli(["logs"], { env: { SAILS_STATE_DIR: temporaryFolder() } })).status).toBe(3);
  });
});

test("the daemon says where the output is, and where it is no file", async () => {
  const path = join(temporaryFolder(), "elsewhere");
  writeFileSync(path, "here\n");
  const units = [unit("server", { log: path }), unit("worker@vm", { log: "journalctl -u x" })];
  const { run, context } = await withDaemon(new FakePlane(statusOf(units)));
  expect(await run("logs")).toBe(0);
  expect(context.out.text).toBe("here\n");
  expect(context.err.text).toBe("worker@vm: journalctl -u x\n");
});

describe("-f", () => {
  function following(...words: readonly string[]) {
    const { env, logs } = withLogs({ "server.log": "old\n", "worker@vm.log": "" });
    const context = fakeContext({ env });
    return { context, logs, over: runCli(context, ["logs", "-f", ...words]) };
  }

  test("goes on with what comes, over rotations, until Ctrl-C", async () => {
    const { context, logs, over } = following("server");
    await context.out.until("old\n");
    appendFileSync(logs("server"), "one\ntw");
    await context.out.until("one\n");
    appendFileSync(logs("server"), "o\n");
    await context.out.until("two\n");
    appendFileSync(logs("server"), "last before\n");
    copyFileSync(logs("server"), `${logs("server")}.1`);
    truncateSync(logs("server"), 0);
    appendFileSync(logs("server"), "after\n");
    await context.out.until("after\n");
    rmSync(logs("server"));
    writeFileSync(logs("server"), "new\n");
    await context.out.until("new\n");
    context.interrupt();
    expect(await over).toBe(0);
    expect(context.out.text).toBe("old\none\ntwo\nlast before\nafter\nnew\n");
  });

  test("several at once, and none from before with -n 0", async () => {
    const { context, logs, over } = following("-n", "0");
    // Nothing says when it has begun: write until something is heard.
    for (let i = 0; context.out.text === ""; i += 1) {
      appendFileSync(logs("worker@vm"), `w${i}\n`);
      await new Promise(setImmediate);
    }
    appendFileSync(logs("server"), "s1\n");
    await context.out.until("s1\n");
    expect(context.out.text).not.toContain("old");
    expect(context.out.text).toMatch(/^worker@vm \| w\d+$/m);
    expect(context.out.text).toContain("server    | s1\n");
    context.interrupt();
    expect(await over).toBe(0);
  });
});
