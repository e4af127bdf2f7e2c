import { expect, test } from "vitest";
import { paintFor } from "../../src/cli/paint.ts";
import { statusText } from "../../src/cli/status-text.ts";
import { textWidth } from "../../src/cli/text-width.ts";
import type { EventEntry, Status } from "../../src/control/status.ts";
import { crashed, pool, statusOf, unit } from "../control/support/fake-plane.ts";

const now = new Date("2026-01-01T12:03:20Z");
const plain = paintFor(false, {});

const shown = (status: Status, columns = 80, paint = plain) =>
  `\n${statusText(status, { columns, paint, now }, "whole")}`;

test("all is well", () => {
  const status = statusOf([unit("server"), unit("worker@vm-runs", { restarts: 12 })]);
  expect(shown(status)).toMatchInlineSnapshot(`
    "
    sails-supervisor is ready: 2 units
    version 0.1.0, process 100, up 1 h 3 min, configuration
    /etc/sails-supervisor/config.yaml

    UNIT            STATE     READY  SINCE        RESTARTS
    server          running   yes    3 min 20 s   0
    worker@vm-runs  running   yes    3 min 20 s   12
    "
  `);
});

test("what is not simply running says why and what comes next", () => {
  const status = statusOf(
    [
      unit("server", {
        ready: false,
        reasonCode: "unhealthy",
        reason: "runs but is not ready: 500",
      }),
      crashed("worker@vm-runs"),
      unit("worker@headless-runs", {
        state: "waiting",
        ready: false,
        pid: null,
        reasonCode: "dependency",
        reason: "server is not ready",
        next: "starts as soon as it can",
      }),
      unit("worker@night", {
        desired: "down",
        state: "stopped",
        ready: false,
        pid: null,
        since: "2025-12-30T08:00:00Z",
        reasonCode: "operator",
        reason: "stopped by the operator",
        next: "`sails-supervisor start worker@night` starts it",
      }),
    ],
    {
      problems: [
        {
          id: "deployment:monitor/monitor",
          what: "the deployment monitor/monitor was not made: its entrypoint flows/monitor.py is not there",
          cure: "write the file, or take the deployment out of prefect.yaml",
        },
        { id: "web", what: "another program listens on 127.0.0.1:9746", cure: null },
      ],
    },
  );
  expect(shown(status)).toMatchInlineSnapshot(`
    "
    sails-supervisor is not ready: server is not ready; worker@vm-runs is in
    backoff; 1 other waits
    version 0.1.0, process 100, up 1 h 3 min, configuration
    /etc/sails-supervisor/config.yaml

    UNIT                  STATE     READY  SINCE        RESTARTS
    server                running   no     3 min 20 s   0
        runs but is not ready: 500
    worker@vm-runs        backoff   no     3 min 20 s   3
        exited with status 1 after 2 s: ModuleNotFoundError: No module named
        'astropy'
        next: start 4 in 12 s
    worker@headless-runs  waiting   no     3 min 20 s   0
        server is not ready
        next: starts as soon as it can
    worker@night          stopped   -      2 d 4 h      0
        stopped by the operator
        next: \`sails-supervisor start worker@night\` starts it

    PROBLEMS
    - the deployment monitor/monitor was not made: its entrypoint flows/monitor.py
      is not there
      what to do: write the file, or take the deployment out of prefect.yaml
    - another program listens on 127.0.0.1:9746
    "
  `);
});

test("pools: whether they take flow runs, and why not", () => {
  const draining = unit("worker@headless-runs", {
    state: "draining",
    ready: false,
    reasonCode: "drain",
    reason: "restarted by the operator: waits for 3 flow runs",
    next: "is stopped when they have ended",
  });
  const status = statusOf([unit("server"), draining], {
    pools: [
      pool("headless-runs", {
        intake: "draining",
        why: "drained by the operator: waits for 3 flow runs",
        concurrencyLimit: 12,
        runs: 3,
        drainDeadline: "2026-01-02T00:03:20Z",
      }),
      pool("night", { intake: "drained", why: "drained by the operator" }),
      pool("vm-runs", {
        intake: "paused",
        why: "paused by the supervisor because the check arc fails: /home/ubuntu/arc is not mounted",
        runs: 1,
      }),
      pool("old", { concurrencyLimit: null, detached: false, late: 2 }),
    ],
  });
  expect(shown(status)).toMatchInlineSnapshot(`
    "
    sails-supervisor is not ready: worker@headless-runs is draining: restarted by
    the operator: waits for 3 flow runs
    version 0.1.0, process 100, up 1 h 3 min, configuration
    /etc/sails-supervisor/config.yaml

    UNIT                  STATE     READY  SINCE        RESTARTS
    server                running   yes    3 min 20 s   0
    worker@headless-runs  draining  no     3 min 20 s   0
        restarted by the operator: waits for 3 flow runs
        next: is stopped when they have ended

    POOL           INTAKE    RUNNING/LIMIT
    headless-runs  draining  3/12
        drained by the operator: waits for 3 flow runs
        gives up waiting in 12 h
    night          drained   0/2
        drained by the operator
    vm-runs        paused    1/2
        paused by the supervisor because the check arc fails: /home/ubuntu/arc is
        not mounted
    old            open      0/-
        2 flow runs are late: nothing has begun them yet
        its flow runs are not detached: they are lost when its worker dies
    "
  `);
});

test("tabs, line breaks, escape sequences and wide letters in long reasons", () => {
  const status = statusOf([
    crashed("worker@観測", {
      reason:
        'exited with status 1 after 2 s:\tTraceback (most recent call last):\n  \u001b[31mFile\u001b[0m "/mnt/pspace/prefect-data/a/very/long/path/without/any/space/in/it/that/goes/on/and/on/flow.py", line 3: 観測データがありません 🔭',
      next: null,
    }),
  ]);
  const text = shown(status);
  expect(text).toMatchInlineSnapshot(`
    "
    sails-supervisor is not ready: worker@観測 is in backoff: exited with status 1
    after 2 s: Traceback (most recent call last): File
    "/mnt/pspace/prefect-data/a/very/long/path/without/any/space/in/it/that/goes/on/
    and/on/flow.py", line 3: 観測データがありません 🔭
    version 0.1.0, process 100, up 1 h 3 min, configuration
    /etc/sails-supervisor/config.yaml

    UNIT         STATE     READY  SINCE        RESTARTS
    worker@観測  backoff   no     3 min 20 s   3
        exited with status 1 after 2 s: Traceback (most recent call last): File
        "/mnt/pspace/prefect-data/a/very/long/path/without/any/space/in/it/that/goes
        /on/and/on/flow.py", line 3: 観測データがありません 🔭
    "
  `);
  for (const line of text.split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(80);
});

test("a name that is too long has a line of its own", () => {
  const name = `worker@${"very-long-".repeat(5)}pool`;
  expect(shown(statusOf([unit(name), unit("server")]), 60)).toMatchInlineSnapshot(`
    "
    sails-supervisor is ready: 2 units
    version 0.1.0, process 100, up 1 h 3 min, configuration
    /etc/sails-supervisor/config.yaml

    UNIT                  STATE     READY  SINCE        RESTARTS
    worker@very-long-very-long-very-long-very-long-very-long-pool
                          running   yes    3 min 20 s   0
    server                running   yes    3 min 20 s   0
    "
  `);
});

test.each([60, 80, 200])("nothing is wider than %i columns", (columns) => {
  const units = [unit("server"), crashed("worker@vm", { reason: "x".repeat(500) })];
  const pools = [pool("p".repeat(50), { why: "x".repeat(500) })];
  const lines = shown(statusOf(units, { pools }), columns).split("\n");
  expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(columns);
});

test("the last events, the newest at the end, without those that only tell of progress", () => {
  const event = (minutes: number, level: EventEntry["level"], text: string): EventEntry => ({
    at: new Date(now.getTime() - minutes * 60_000).toISOString(),
    level,
    text,
  });
  const events = [
    event(1, "warn", `worker@vm-runs: exited with status 1 after 2 s: ${"x ".repeat(150)}`),
    event(2, "info", "worker@vm-runs: started, process 12"),
    event(62, "error", "check arc fails: nothing is mounted at /home/ubuntu/arc. Mount it"),
    event(63, "notice", "server: ready after 6 s"),
  ];
  expect(shown(statusOf([unit("server")], { events }))).toMatchInlineSnapshot(`
    "
    sails-supervisor is ready: 1 unit
    version 0.1.0, process 100, up 1 h 3 min, configuration
    /etc/sails-supervisor/config.yaml

    UNIT    STATE     READY  SINCE        RESTARTS
    server  running   yes    3 min 20 s   0

    LAST EVENTS
      1 h 3 min ago: server: ready after 6 s
      1 h 2 min ago: check arc fails: nothing is mounted at /home/ubuntu/arc.
        Mount it
      1 min ago: worker@vm-runs: exited with status 1 after 2 s: x x x x x x x x x
        x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x
        x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x
        x…
    "
  `);
});

test("colours are for terminals whose owner wants them", () => {
  const status = statusOf([unit("server"), crashed("worker@vm")]);
  const coloured = shown(status, 80, paintFor(true, {}));
  expect(coloured).toContain("\u001b[32mrunning ");
  expect(coloured).toContain("\u001b[31mbackoff ");
  for (const paint of [paintFor(true, { NO_COLOR: "1" }), paintFor(true, { TERM: "dumb" }), plain])
    expect(shown(status, 80, paint)).not.toContain("\u001b");
});

test("jobs: what came of them, what they are at, and when they are due", () => {
  const last = {
    result: "failed",
    startedAt: "2026-01-01T03:17:00.000Z",
    tookMs: 2_300,
    reason: "space",
    message: "there is no space left for /backups",
    cure: "free some",
  } as const;
  const nightly = { cron: "17 3 * * *", timezone: "UTC", lastSuccess: null };
  const next = "2026-01-02T03:17:00.000Z";
  const status = statusOf([unit("server")], {
    jobs: [
      { name: "backup", ...nightly, running: null, last, next },
      { name: "retention", ...nightly, running: null, last: null, next },
      {
        name: "restore",
        cron: null,
        timezone: null,
        lastSuccess: null,
        running: { since: "2026-01-01T12:03:10.000Z", step: "stopping workers and server" },
        last: null,
        next: null,
      },
    ],
  });
  expect(shown(status)).toMatchInlineSnapshot(`
    "
    sails-supervisor is ready: 1 unit
    version 0.1.0, process 100, up 1 h 3 min, configuration
    /etc/sails-supervisor/config.yaml

    UNIT    STATE     READY  SINCE        RESTARTS
    server  running   yes    3 min 20 s   0

    JOB        RESULT     BEGUN            NEXT
    backup     failed     8 h 46 min ago   in 15 h 13 min
        there is no space left for /backups (took 2 s)
    retention  not yet    never            in 15 h 13 min
    restore    running    10 s ago         by order
        stopping workers and server
    "
  `);
});
