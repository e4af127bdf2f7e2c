import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { PoolStatus } from "../../src/control/status.ts";
import { eventually } from "../control/support/eventually.ts";
import { FakePlane, flowRun, pool, statusOf, unit } from "../control/support/fake-plane.ts";
import { withDaemon } from "./support/fake-context.ts";

const draining = (name: string, changes: Partial<PoolStatus> = {}): PoolStatus =>
  pool(name, { intake: "draining", why: "drained by the operator", runs: 1, ...changes });
const drained = (name: string): PoolStatus =>
  pool(name, { intake: "drained", why: "drained by the operator" });

function plane(...pools: readonly PoolStatus[]): FakePlane {
  const all = [pool("headless-runs"), pool("vm-runs"), pool("vm-tests")];
  const asked = new FakePlane(statusOf([unit("server")], { pools: all }));
  asked.act = () => asked.becomePools(...pools);
  asked.flowRuns = [
    flowRun("calm-otter"),
    flowRun("wild-fox", { pool: "vm-tests", startedAt: new Date().toISOString() }),
  ];
  return asked;
}

describe("drain", () => {
  test("waits until all are drained, patterns name several, and pipes get the end only", async () => {
    const asked = plane(draining("vm-runs"), draining("vm-tests"));
    const { run, context } = await withDaemon(asked);
    const over = run("drain", "vm-*");
    await eventually(() => asked.listeners.size).toBe(1);
    asked.becomePools(drained("vm-runs"), draining("vm-tests"));
    asked.becomePools(drained("vm-runs"), drained("vm-tests"));
    expect(await over).toBe(0);
    expect(asked.asked).toEqual([["drain", ["vm-runs", "vm-tests"], null]]);
    expect(context.out.text).toBe("vm-runs is drained\nvm-tests is drained\n");
  });

  test("on a terminal it draws which runs are waited for, and wipes that out in the end", async () => {
    const asked = plane(draining("vm-runs"), draining("vm-tests"));
    const { run, context } = await withDaemon(asked, { isTerminal: true, env: { NO_COLOR: "1" } });
    const over = run("drain", "vm-runs", "vm-tests");
    await context.out.until("    wild-fox, for ");
    expect(stripVTControlCharacters(context.out.text)).toMatch(
      /^vm-runs waits for 1 flow run\n {4}calm-otter, for .*\nvm-tests waits for 1 flow run\n {4}wild-fox, for \d+ m?s\n$/,
    );
    asked.becomePools(drained("vm-runs"), draining("vm-tests"));
    await context.out.until("\u001b[4A");
    asked.becomePools(drained("vm-runs"), drained("vm-tests"));
    expect(await over).toBe(0);
    const end = "\u001b[2A\u001b[Jvm-runs is drained\nvm-tests is drained\n";
    expect(context.out.text.slice(-end.length)).toBe(end);
  });

  test("a limit is the daemon's, too; when it is over the pool stays closed, and how to go on is said", async () => {
    const drainDeadline = new Date(Date.now() + 300).toISOString();
    const asked = plane(draining("vm-runs", { drainDeadline }));
    const { run, context } = await withDaemon(asked);
    expect(await run("drain", "vm-runs", "--timeout", "300ms")).toBe(1);
    expect(asked.asked).toEqual([["drain", ["vm-runs"], 300]]);
    expect(context.err.text.replace(/\(.*?\)/, "(SPAN)")).toMatchInlineSnapshot(`
      "error: vm-runs is not drained: time is over; 1 flow run still runs: calm-otter (SPAN)
      What to do: it stays closed for new flow runs; \`sails-supervisor drain vm-runs\` goes on waiting, \`sails-supervisor resume vm-runs\` opens it.
      "
    `);
  });

  test("the daemon's own limit ends the waiting, also when it is no longer told of", async () => {
    const drainDeadline = new Date(Date.now() + 300).toISOString();
    const asked = plane(draining("vm-runs", { drainDeadline }));
    const { run, context } = await withDaemon(asked);
    const over = run("drain", "vm-runs");
    await eventually(() => asked.listeners.size).toBe(1);
    await eventually(() => Date.parse(drainDeadline) < Date.now()).toBe(true);
    asked.becomePools(pool("vm-runs", { intake: "paused", runs: 1 }));
    expect(await over).toBe(1);
    expect(context.err.text).toContain("vm-runs is not drained: time is over; 1 flow run still");
  });

  test("Ctrl-C leaves it under way and says so", async () => {
    const asked = plane(draining("vm-runs"), drained("vm-tests"));
    const { run, context } = await withDaemon(asked, { isTerminal: true, env: { NO_COLOR: "1" } });
    const over = run("drain", "vm-runs", "vm-tests");
    await context.out.until("calm-otter");
    context.interrupt();
    expect(await over).toBe(1);
    expect(asked.asked).toHaveLength(1);
    expect(context.out.text).toContain("\u001b[Jvm-tests is drained\n");
    expect(context.err.text.replace(/\(.*?\)/, "(SPAN)")).toMatchInlineSnapshot(`
      "vm-runs is not drained yet: 1 flow run still runs: calm-otter (SPAN)
      The drain goes on without this command; \`sails-supervisor resume vm-runs\` ends it.
      "
    `);
  });

  test("a pool that is resumed meanwhile is not waited for", async () => {
    const asked = plane(pool("vm-runs", { runs: 1 }));
    const { run, context } = await withDaemon(asked);
    expect(await run("drain", "vm-runs")).toBe(1);
    expect(context.err.text).toContain("vm-runs is not drained: it takes new flow runs again");
  });

  test("--no-wait does not", async () => {
    const asked = plane(draining("vm-runs"));
    const { run, context } = await withDaemon(asked);
    expect(await run("drain", "vm-runs", "--no-wait")).toBe(0);
    expect(context.out.text).toBe("vm-runs takes no new flow runs\n");
    const other = await withDaemon(plane(draining("vm-runs")));
    expect(await other.run("drain", "vm-runs", "--no-wait", "--json")).toBe(0);
    const ordered = { version: 1, verb: "drain", ordered: ["vm-runs"] };
    expect(JSON.parse(other.context.out.text)).toEqual(ordered);
  });

  test("as JSON", async () => {
    const asked = plane(drained("vm-runs"), pool("vm-tests"));
    const { run, context } = await withDaemon(asked, { isTerminal: true });
    expect(await run("drain", "vm-*", "--json")).toBe(1);
    expect(JSON.parse(context.out.text)).toEqual({
      version: 1,
      verb: "drain",
      pools: [
        { pool: "vm-runs", reached: true, reason: null },
        { pool: "vm-tests", reached: false, reason: "it takes new flow runs again" },
      ],
    });
  });

  test("a daemon that goes while we wait", async () => {
    const asked = plane(draining("vm-runs"));
    const { run, context, server } = await withDaemon(asked);
    const over = run("drain", "vm-runs");
    await eventually(() => asked.listeners.size).toBe(1);
    await server[Symbol.asyncDispose]();
    expect(await over).toBe(3);
    expect(context.err.text).toMatch(/the daemon (ended|does not run)/);
  });
});

describe.each(["drain", "resume"])("%s: what cannot be ordered", (verb) => {
  test("an unknown pool touches none", async () => {
    const asked = plane();
    const { run, context } = await withDaemon(asked);
    expect(await run(verb, "headless-runs", "vm-rums")).toBe(2);
    expect(context.err.text).toBe(
      "error: no pool is called vm-rums. Did you mean vm-runs?\nThe pools: headless-runs, vm-runs, vm-tests\n",
    );
    expect(asked.asked).toEqual([]);
  });

  test("all of nothing", async () => {
    const { run, context } = await withDaemon(new FakePlane(statusOf([])));
    expect(await run(verb, "all")).toBe(2);
    expect(context.err.text).toContain("no pool is declared");
  });

  test("what the daemon could not do", async () => {
    const asked = plane();
    asked.refusal = { kind: "failed", why: "Prefect does not answer" };
    const { run, context } = await withDaemon(asked);
    expect(await run(verb, "vm-*")).toBe(1);
    expect(context.err.text).toBe(
      `error: vm-runs, vm-tests: the ${verb} failed: Prefect does not answer\nWhat to do: ${verb} again when that is mended.\n`,
    );
  });
});

describe("resume", () => {
  const asked = () =>
    plane(
      pool("vm-runs"),
      pool("vm-tests", { intake: "paused", why: "paused in Prefect by somebody else" }),
    );

  test("opens pools, and says what stays closed and why", async () => {
    const paused = asked();
    const { run, context } = await withDaemon(paused);
    expect(await run("resume", "vm-*")).toBe(0);
    expect(paused.asked).toEqual([["resume", ["vm-runs", "vm-tests"]]]);
    expect(context.out.text).toMatchInlineSnapshot(`
      "vm-runs takes new flow runs
      vm-tests is not drained any more, but it is still paused: paused in Prefect by somebody else
      "
    `);
  });

  test("as JSON", async () => {
    const { run, context } = await withDaemon(asked());
    expect(await run("resume", "vm-*", "--json")).toBe(0);
    expect(JSON.parse(context.out.text)).toEqual({
      version: 1,
      verb: "resume",
      pools: [
        { pool: "vm-runs", intake: "open", why: null },
        { pool: "vm-tests", intake: "paused", why: "paused in Prefect by somebody else" },
      ],
    });
  });
});
