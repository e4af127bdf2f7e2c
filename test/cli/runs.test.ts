import { describe, expect, test } from "vitest";
import { FakePlane, flowRun, statusOf } from "../control/support/fake-plane.ts";
import { cli, withDaemon } from "./support/fake-context.ts";

const plane = () => new FakePlane(statusOf([]));

describe("runs", () => {
  test("are shown", async () => {
    const asked = plane();
    asked.flowRuns = [flowRun("calm-otter")];
    const { run, context } = await withDaemon(asked);
    expect(await run("runs")).toBe(0);
    expect(context.out.text).toMatch(/^NAME +POOL +STATE +WORKER +AGE +MEMORY +PID\ncalm-otter /);
  });

  test("or that there are none", async () => {
    const { run, context } = await withDaemon(plane());
    expect(await run("runs")).toBe(0);
    expect(context.out.text).toBe("No flow run has a process here.\n");
  });

  test("JSON is the daemon's own", async () => {
    const asked = plane();
    asked.flowRuns = [flowRun("calm-otter"), flowRun(null)];
    const { run, context } = await withDaemon(asked);
    expect(await run("runs", "--json")).toBe(0);
    expect(JSON.parse(context.out.text)).toEqual({ version: 1, runs: asked.flowRuns });
  });
});

describe("runs cancel", () => {
  test("asks Prefect through the daemon", async () => {
    const asked = plane();
    const { run, context } = await withDaemon(asked);
    expect(await run("runs", "cancel", "calm-otter")).toBe(0);
    expect(asked.asked).toEqual([["cancel", "calm-otter"]]);
    expect(context.out.text).toMatchInlineSnapshot(`
      "Prefect has been asked to cancel calm-otter; \`sails-supervisor runs\` shows it until its process has ended
      "
    `);
  });

  test("a run that nobody knows", async () => {
    const asked = plane();
    asked.cancelled = { kind: "unknown-run", run: "clam-otter" };
    const { run, context } = await withDaemon(asked);
    expect(await run("runs", "cancel", "clam-otter")).toBe(2);
    expect(context.err.text).toMatchInlineSnapshot(`
      "error: no flow run here has the id or the name clam-otter
      What to do: \`sails-supervisor runs\` shows those that have a process here.
      "
    `);
  });

  test("one of several", async () => {
    const asked = plane();
    asked.cancelled = {
      kind: "ambiguous",
      runs: [
        { id: "0198c2a4-5e1f-7b3a-9c55-2f1d8e6a7b90", name: "night", pool: "vm-runs" },
        { id: "0198c2a7-0000-7b3a-9c55-2f1d8e6a7b90", name: null, pool: "headless-runs" },
      ],
    };
    const { run, context } = await withDaemon(asked);
    expect(await run("runs", "cancel", "0198c2a")).toBe(2);
    expect(context.err.text).toMatchInlineSnapshot(`
      "error: 0198c2a may be any of these, and none was cancelled:
        0198c2a4-5e1f-7b3a-9c55-2f1d8e6a7b90  night, pool vm-runs
        0198c2a7-0000-7b3a-9c55-2f1d8e6a7b90  0198c2a7, pool headless-runs
      What to do: say which by its id, or by enough of its beginning.
      "
    `);
  });

  test("one that could not be", async () => {
    const asked = plane();
    asked.cancelled = { kind: "failed", why: "Prefect does not answer" };
    const { run, context } = await withDaemon(asked);
    expect(await run("runs", "cancel", "calm-otter")).toBe(1);
    expect(context.err.text).toMatchInlineSnapshot(`
      "error: calm-otter was not cancelled: Prefect does not answer
      What to do: cancel it again; it does no harm to one that is being cancelled.
      "
    `);
  });

  test("as JSON, with the same exit status", async () => {
    const asked = plane();
    asked.cancelled = { kind: "unknown-run", run: "x" };
    const { run, context } = await withDaemon(asked);
    expect(await run("runs", "cancel", "x", "--json")).toBe(2);
    expect(JSON.parse(context.out.text)).toEqual({ version: 1, kind: "unknown-run", run: "x" });
    expect(context.err.text).toBe("");
  });
});

describe("runs recover", () => {
  const settled = [
    {
      run: "0198c2a4-5e1f-7b3a-9c55-2f1d8e6a7b90",
      name: "calm-otter",
      pool: "vm-runs",
      action: "crashed",
      why: "its process 5201 was ended by SIGKILL",
    },
    {
      run: "0198c2a7-5e1f-7b3a-9c55-2f1d8e6a7b90",
      name: null,
      pool: "vm-runs",
      action: "rescheduled",
      why: "its worker died before its code began",
    },
    {
      run: "3",
      name: "wild-fox",
      pool: "headless-runs",
      action: "cancelled",
      why: "its process ended\nwhile it was being cancelled",
    },
  ] as const;

  test("says what was settled and why", async () => {
    const asked = plane();
    asked.recovered = { kind: "done", settled };
    const { run, context } = await withDaemon(asked);
    expect(await run("runs", "recover")).toBe(0);
    expect(asked.asked).toEqual([["recover"]]);
    expect(context.out.text).toMatchInlineSnapshot(`
      "calm-otter of vm-runs is now Crashed: its process 5201 was ended by SIGKILL
      0198c2a7 of vm-runs is scheduled again: its worker died before its code began
      wild-fox of headless-runs is now Cancelled: its process ended while it was being cancelled
      "
    `);
  });

  test("or that nothing had to be", async () => {
    const { run, context } = await withDaemon(plane());
    expect(await run("runs", "recover")).toBe(0);
    expect(context.out.text).toBe("no flow run had to be settled\n");
  });

  test("or why it could not be", async () => {
    const asked = plane();
    asked.recovered = { kind: "failed", why: "Prefect answers 503" };
    const { run, context } = await withDaemon(asked);
    expect(await run("runs", "recover")).toBe(1);
    expect(context.err.text).toMatchInlineSnapshot(`
      "error: the sweep was not finished: Prefect answers 503
      What to do: run it again when that is mended; the daemon goes on trying by itself.
      "
    `);
  });

  test("as JSON", async () => {
    const asked = plane();
    asked.recovered = { kind: "done", settled };
    const { run, context } = await withDaemon(asked);
    expect(await run("runs", "recover", "--json")).toBe(0);
    expect(JSON.parse(context.out.text)).toEqual({ version: 1, kind: "done", settled });
  });
});

test.each([
  ["runs"],
  ["runs", "cancel", "x"],
  ["runs", "recover"],
  ["drain", "x"],
  ["resume", "x"],
  ["reexec"],
])("%s %s without a daemon ends with 3", async (...words) => {
  const env = { SAILS_STATE_DIR: "/nowhere" };
  const { status, out, err } = await cli(words, { env });
  expect([status, out]).toEqual([3, ""]);
  expect(err).toContain("the daemon does not run");
});
