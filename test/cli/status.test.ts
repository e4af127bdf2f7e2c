import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { frame } from "../../src/cli/status-watch.ts";
import { crashed, FakePlane, statusOf, unit } from "../control/support/fake-plane.ts";
import { socketOf } from "../control/support/servers.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";
import { cli, withDaemon } from "./support/fake-context.ts";

const well = () => new FakePlane(statusOf([unit("server"), unit("worker@vm")]));
const sick = () => new FakePlane(statusOf([unit("server"), crashed("worker@vm")]));
const stopped = unit("worker@vm", { desired: "down", state: "stopped", ready: false });

describe("the exit status", () => {
  test.each([
    ["well", well(), [], 0],
    ["sick", sick(), [], 4],
    ["sick, but not this unit", sick(), ["server"], 0],
    ["sick, and this unit", sick(), ["worker@*"], 4],
    ["stopped on purpose", new FakePlane(statusOf([unit("server"), stopped])), [], 0],
    ["stopped on purpose, by name", new FakePlane(statusOf([stopped])), ["worker@vm"], 0],
    [
      "a problem",
      new FakePlane(statusOf([], { problems: [{ id: "x", what: "y", cure: null }] })),
      [],
      4,
    ],
    ["an unknown unit", well(), ["worker@wm"], 2],
  ])("%s", async (_, plane, words, expected) => {
    const { run } = await withDaemon(plane);
    expect(await run("status", ...words)).toBe(expected);
  });
});

test("JSON is the daemon's own, with the units that were asked for", async () => {
  const plane = sick();
  const { run, context } = await withDaemon(plane);
  await run("status", "--json");
  expect(JSON.parse(context.out.text)).toEqual(plane.now);
  const other = await withDaemon(plane);
  await other.run("status", "--json", "server");
  expect(JSON.parse(other.context.out.text)).toEqual({
    ...plane.now,
    units: plane.now.units.slice(0, 1),
  });
});

test("an unknown unit is named with its neighbours", async () => {
  const { run, context } = await withDaemon(well());
  await run("status", "worker@wm");
  expect(context.err.text).toMatchInlineSnapshot(`
    "error: no unit is called worker@wm. Did you mean worker@vm?
    The units: server, worker@vm
    "
  `);
});

test("without a daemon it says what to do", async () => {
  const stateDir = temporaryFolder();
  const { status, out, err } = await cli(["status"], { env: { SAILS_STATE_DIR: stateDir } });
  expect([status, out]).toEqual([3, ""]);
  expect(err.replace(stateDir, "STATE")).toMatchInlineSnapshot(`
    "error: the daemon does not run for the state folder STATE
    What to do: start it with \`systemctl start sails-supervisor\`, or \`sails-supervisor run\` in a terminal. If it runs for another folder, say which with --config.
    "
  `);
});

describe("finding the daemon", () => {
  async function found(config: string, name = "config.yaml") {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "state"));
    await socketOf(well(), join(folder, "state"));
    writeFileSync(join(folder, name), config.replaceAll("FOLDER", folder));
    return folder;
  }

  test.each([
    ["absolute", "state_dir: FOLDER/state\n"],
    ["relative to the file", "state_dir: state # here\n"],
    ["in a file with faults elsewhere", "state_dir: state\nserver: {port: abc}\nnonsense: 1\n"],
    ["in a file that is no YAML", 'pools: [\nstate_dir: "FOLDER/state"\n'],
  ])("a state folder %s", async (_, text) => {
    const folder = await found(text);
    const file = join(folder, "config.yaml");
    expect(await cli(["status", "--config", file])).toMatchObject({ status: 0 });
    expect(await cli(["--config", file, "status"])).toMatchObject({ status: 0 });
    expect(await cli(["status"], { env: { SAILS_CONFIG: file } })).toMatchObject({ status: 0 });
    expect(await cli(["status", "--config", "config.yaml"], { cwd: folder })).toMatchObject({
      status: 0,
    });
  });

  test("the environment beats the file", async () => {
    const folder = await found("state_dir: /nowhere\n");
    const env = { SAILS_STATE_DIR: "state", SAILS_CONFIG: join(folder, "config.yaml") };
    expect(await cli(["status"], { env, cwd: folder })).toMatchObject({ status: 0 });
  });

  test("the user's own, by default", async () => {
    const home = temporaryFolder();
    const stateDir = join(home, ".local/state/sails-supervisor");
    mkdirSync(stateDir, { recursive: true });
    await socketOf(well(), stateDir);
    expect(await cli(["status"], { home })).toMatchObject({ status: 0 });
  });

  test.each([
    ["is not there", undefined],
    ["is no YAML and names no folder", "pools: [\n"],
  ])("a configuration that %s", async (_, text) => {
    const file = join(temporaryFolder(), "config.yaml");
    if (text !== undefined) writeFileSync(file, text);
    const { status, err } = await cli(["status", "--config", file]);
    expect(status).toBe(3);
    expect(err).toContain(file);
    expect(err).toContain("SAILS_STATE_DIR");
  });
});

describe("--watch", () => {
  test("on a terminal redraws in place after each change, until Ctrl-C", async () => {
    const plane = well();
    const { run, context } = await withDaemon(plane, { isTerminal: true });
    const over = run("status", "--watch");
    await context.out.until("ready: 2 units");
    plane.become(crashed("worker@vm"));
    await context.out.until("not ready: ");
    context.interrupt();
    expect(await over).toBe(0);
    const { text } = context.out;
    // The screen is cleared once; afterwards line by line.
    expect(text.split("\u001b[2J")).toHaveLength(2);
    expect(text.startsWith("\u001b[?25l")).toBe(true);
    expect(text.endsWith("\u001b[?25h")).toBe(true);
    expect(text.split("\u001b[H").length).toBeGreaterThan(2);
  });

  test("goes on while the daemon is away", async () => {
    const { run, context, server, stateDir } = await withDaemon(well(), { isTerminal: true });
    const over = run("status", "--watch");
    await context.out.until("ready: 2 units");
    await server[Symbol.asyncDispose]();
    await context.out.until("asking again");
    await socketOf(sick(), stateDir);
    await context.out.until("not ready: ");
    context.interrupt();
    expect(await over).toBe(0);
  });

  test("as JSON is one line for each change", async () => {
    const plane = well();
    const { run, context } = await withDaemon(plane);
    const over = run("status", "-w", "--json");
    await context.out.until("\n");
    plane.become(crashed("server"));
    await context.out.until(/\n.*\n/);
    context.interrupt();
    expect(await over).toBe(0);
    const states = context.out.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).units[0].state);
    expect(states).toEqual(["running", "backoff"]);
  });

  test("what has no room is counted", () => {
    const lines = frame("1\n2\n3\n4\n5\n", 4).split("\n");
    expect(lines.map(stripVTControlCharacters)).toEqual(["1", "2", "… and 3 more lines", ""]);
    expect(frame("1\n2\n3\n", 4)).not.toContain("more");
  });
});
