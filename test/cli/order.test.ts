import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { UnitStatus } from "../../src/control/status.ts";
import { eventually } from "../control/support/eventually.ts";
import { crashed, FakePlane, statusOf, unit } from "../control/support/fake-plane.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";
import { withDaemon } from "./support/fake-context.ts";

const starting = (name: string): UnitStatus =>
  unit(name, { state: "starting", ready: false, reason: "is starting" });
const stopped = (name: string): UnitStatus =>
  unit(name, {
    desired: "down",
    state: "stopped",
    ready: false,
    reason: "stopped by the operator",
  });

const plane = () =>
  new FakePlane(
    statusOf([unit("server"), unit("worker@a"), unit("worker@b"), stopped("worker@c")]),
  );

test("restart waits until all are ready", async () => {
  const asked = plane();
  asked.obey = () => asked.become(starting("worker@a"), starting("worker@b"));
  const { run, context } = await withDaemon(asked, { isTerminal: true, env: { NO_COLOR: "1" } });
  const over = run("restart", "worker@a", "worker@b");
  await context.out.until("worker@b starting: is starting\n");
  asked.become(unit("worker@a"), starting("worker@b"));
  asked.become(unit("worker@a"), unit("worker@b"));
  expect(await over).toBe(0);
  expect(context.out.text).toMatchInlineSnapshot(`
    "worker@a starting: is starting
    worker@b starting: is starting
    worker@a is ready
    worker@b is ready
    "
  `);
  expect(asked.orders).toEqual([["restart", ["worker@a", "worker@b"]]]);
});

test("stop waits until it is stopped, patterns name several, and pipes get the end only", async () => {
  const asked = plane();
  asked.obey = (_, names) =>
    asked.become(...names.map((name) => unit(name, { desired: "down", state: "stopping" })));
  const { run, context } = await withDaemon(asked);
  const over = run("stop", "worker@*");
  await eventually(() => asked.listeners.size).toBe(1);
  asked.become(stopped("worker@a"), stopped("worker@b"), stopped("worker@c"));
  expect(await over).toBe(0);
  expect(context.out.text).toBe("worker@a is stopped\nworker@b is stopped\nworker@c is stopped\n");
  expect(asked.orders).toEqual([["stop", ["worker@a", "worker@b", "worker@c"]]]);
});

test("a unit that cannot start is told at once, with its reason", async () => {
  const asked = plane();
  const broken = crashed("worker@a", {
    reasonCode: "breaker",
    reason: "died 5 times in 10 min; last it exited with status 1",
    next: "one trial in 5 min",
  });
  asked.obey = () => asked.become(broken, unit("server"));
  const { run, context } = await withDaemon(asked);
  expect(await run("start", "server", "worker@a")).toBe(1);
  expect(context.out.text).toBe("server is ready\n");
  expect(context.err.text).toMatchInlineSnapshot(`
    "error: worker@a is not ready: backoff: died 5 times in 10 min; last it exited with status 1; next: one trial in 5 min
    "
  `);
});

test("when time is over, it says how far it came", async () => {
  const asked = plane();
  asked.obey = () => asked.become(starting("worker@a"));
  const { run, context } = await withDaemon(asked);
  expect(await run("restart", "worker@a", "--timeout", "300ms")).toBe(1);
  expect(context.err.text).toContain("worker@a is not ready: time is over; starting: is starting");
});

test("--no-wait does not", async () => {
  const asked = plane();
  asked.obey = () => asked.become(starting("worker@a"));
  const { run, context } = await withDaemon(asked);
  expect(await run("restart", "worker@a", "--no-wait")).toBe(0);
  expect(context.out.text).toBe("worker@a: restart ordered\n");
});

test("as JSON", async () => {
  const asked = plane();
  asked.obey = () => asked.become(stopped("worker@a"), unit("worker@b"));
  const { run, context } = await withDaemon(asked);
  expect(await run("stop", "worker@a", "worker@b", "--json")).toBe(1);
  expect(JSON.parse(context.out.text)).toEqual({
    version: 1,
    verb: "stop",
    units: [
      { unit: "worker@a", reached: true, reason: null },
      { unit: "worker@b", reached: false, reason: expect.stringContaining("started again") },
    ],
  });
});

test("a daemon that goes while we wait", async () => {
  const asked = plane();
  asked.obey = () => asked.become(starting("worker@a"));
  const { run, context, server } = await withDaemon(asked);
  const over = run("start", "worker@a");
  await eventually(() => asked.listeners.size).toBe(1);
  await server[Symbol.asyncDispose]();
  expect(await over).toBe(3);
  expect(context.err.text).toMatch(/the daemon (ended|does not run)/);
});

describe("what cannot be ordered", () => {
  test("an unknown unit touches none", async () => {
    const asked = plane();
    const { run, context } = await withDaemon(asked);
    expect(await run("stop", "server", "wroker@a")).toBe(2);
    expect(context.err.text).toContain("Did you mean worker@a?");
    expect(asked.orders).toEqual([]);
  });

  test("a pattern that the shell has taken", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "package.json"), "");
    const { run, context } = await withDaemon(plane(), { cwd });
    expect(await run("restart", "package.json")).toBe(2);
    expect(context.err.text).toContain("quote a pattern");
  });

  test("all of nothing", async () => {
    const { run } = await withDaemon(new FakePlane(statusOf([])));
    expect(await run("restart", "all")).toBe(2);
  });

  test.each([["--timeout", "soon"], ["--timeout", "99d"], ["--timeout"], ["--bogus"]])(
    "%s %s",
    async (...words) => {
      const asked = plane();
      const { run } = await withDaemon(asked);
      expect(await run("restart", "server", ...words)).toBe(2);
      expect(asked.orders).toEqual([]);
    },
  );
});

describe("reload", () => {
  test("says what changed", async () => {
    const asked = plane();
    asked.reloaded = {
      kind: "reloaded",
      added: ["worker@new"],
      changed: ["server"],
      removed: ["worker@old"],
      warnings: ["SAILS_X: sets nothing"],
    };
    const { run, context } = await withDaemon(asked);
    expect(await run("reload")).toBe(0);
    expect(context.out.text + context.err.text).toMatchInlineSnapshot(`
      "added worker@new
      changed server: it is restarted
      removed worker@old: it is stopped
      warning: SAILS_X: sets nothing
      "
    `);
  });

  test("or that nothing did", async () => {
    const { run, context } = await withDaemon(plane());
    expect(await run("reload")).toBe(0);
    expect(context.out.text).toBe("reloaded: no unit has changed\n");
  });

  test("or the faults", async () => {
    const asked = plane();
    asked.reloaded = { kind: "faulty", faults: ["config.yaml:3:1: pools[0].nam: unknown key"] };
    const { run, context } = await withDaemon(asked);
    expect(await run("reload")).toBe(1);
    expect(context.err.text).toMatchInlineSnapshot(`
      "error: the configuration of before is still in force:
      config.yaml:3:1: pools[0].nam: unknown key
      What to do: correct the file and reload again.
      "
    `);
  });
});
