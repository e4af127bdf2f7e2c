import { expect, test } from "vitest";
import type { Status, UnitStatus } from "../../src/control/status.ts";
import { FakePlane, statusOf, unit } from "../control/support/fake-plane.ts";
import { socketOf } from "../control/support/servers.ts";
import { withDaemon } from "./support/fake-context.ts";

const units = [
  unit("server", { pid: 10 }),
  unit("worker@a", { pid: 11 }),
  unit("worker@b", { pid: null, state: "stopped", desired: "down", ready: false }),
];

/** The status of the daemon that comes after. */
function next(changes: Partial<Status["supervisor"]> = {}, its = units): Status {
  const status = statusOf(its);
  const supervisor = { ...status.supervisor, startedAt: "2026-01-01T13:00:00.000Z", ...changes };
  return { ...status, supervisor };
}

function replacedBy(...statuses: readonly Status[]): FakePlane {
  const plane = new FakePlane(statusOf(units));
  plane.act = () => {
    const left = [...statuses];
    plane.reads.addEventListener("read", () => {
      plane.now = left.shift() ?? plane.now;
    });
  };
  return plane;
}

test("waits until the daemon has new code, and says that nothing was touched", async () => {
  const plane = replacedBy(statusOf(units), next({ phase: "starting" }, []), next());
  const { run, context } = await withDaemon(plane);
  expect(await run("reexec")).toBe(0);
  expect(plane.asked).toEqual([["reexec"]]);
  expect(context.out.text).toMatchInlineSnapshot(`
    "process 100 runs version 0.1.0; no unit was touched (2 ran)
    "
  `);
});

test("while nobody listens it goes on asking", async () => {
  const plane = new FakePlane(statusOf(units));
  const { run, context, server, stateDir } = await withDaemon(plane);
  const replaced = new Promise<void>((resolve) => {
    plane.act = () => {
      plane.reads.addEventListener("read", () => resolve(), { once: true });
    };
  });
  const over = run("reexec");
  await replaced;
  await server[Symbol.asyncDispose]();
  plane.now = next({ version: "0.2.0" });
  await socketOf(plane, stateDir);
  expect(await over).toBe(0);
  expect(context.out.text).toContain("runs version 0.2.0 (before: 0.1.0)");
});

const touched: readonly UnitStatus[] = [unit("server", { pid: 10 }), unit("worker@a", { pid: 99 })];

test("a unit with another process is told, and that is a failure", async () => {
  const { run, context } = await withDaemon(replacedBy(next({}, [...touched])));
  expect(await run("reexec")).toBe(1);
  expect(context.err.text).toBe("error: worker@a was process 11 and is process 99 now\n");
  expect(context.out.text).toBe("");
});

test("a daemon with another process is told, and that is a failure", async () => {
  const gone = [unit("server", { pid: 10 }), unit("worker@a", { pid: null, ready: false })];
  const { run, context } = await withDaemon(replacedBy(next({ pid: 101 }, gone)));
  expect(await run("reexec")).toBe(1);
  expect(context.err.text).toMatchInlineSnapshot(`
    "error: process 101 has taken over from process 100, which ended before it could replace its code
    What to do: \`journalctl -u sails-supervisor\` says why.
    error: worker@a was process 11 and has none now
    "
  `);
});

test("a daemon that goes on with its old code", async () => {
  const { run, context } = await withDaemon(replacedBy());
  expect(await run("reexec", "--timeout", "300ms")).toBe(1);
  expect(context.err.text).toMatchInlineSnapshot(`
    "error: the daemon has not come back with new code in 300 ms
    What to do: \`sails-supervisor status\` says whether it still runs.
    "
  `);
});

test("a daemon that cannot", async () => {
  const plane = replacedBy();
  plane.replaced = { kind: "failed", why: "not available in this daemon" };
  const { run, context } = await withDaemon(plane);
  expect(await run("reexec")).toBe(1);
  expect(context.err.text).toBe(
    "error: the daemon was not replaced: not available in this daemon\n",
  );
});

test("as JSON", async () => {
  const { run, context } = await withDaemon(replacedBy(next({ version: "0.2.0" }, [...touched])));
  expect(await run("reexec", "--json")).toBe(1);
  expect(JSON.parse(context.out.text)).toEqual({
    version: 1,
    daemon: { pid: 100, pidBefore: 100, version: "0.2.0", versionBefore: "0.1.0" },
    units: 2,
    touched: [{ unit: "worker@a", pidBefore: 11, pid: 99 }],
  });
});
