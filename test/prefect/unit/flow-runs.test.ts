import { expect, test } from "vitest";
import { createFlowRunApi } from "../../../src/prefect/api/flow-runs.ts";
import { signal } from "./given.ts";
import { loopbackServer, type Received, type Reply } from "./loopback-server.ts";

async function served(reply: Reply) {
  const server = await loopbackServer(reply);
  const api = createFlowRunApi({ url: server.url, auth: undefined, requestTimeoutMs: 20_000 });
  const dispose = server[Symbol.asyncDispose].bind(server);
  return { api, received: server.received, [Symbol.asyncDispose]: dispose };
}

const bodyOf = (received: Received | undefined): unknown => JSON.parse(received?.body ?? "");

const state = (type: string, more: object = {}) => ({
  id: `s-${type}`,
  type,
  name: type,
  timestamp: "2026-11-25T01:00:34.038266Z",
  message: null,
  data: null,
  state_details: {},
  ...more,
});

/** As 3.8.8 gives it, shortened. */
const run = (id: string, more: object = {}) => ({
  id,
  name: `name-of-${id}`,
  deployment_id: "d",
  parameters: {},
  empirical_policy: { retries: null, retry_type: null },
  labels: { "prefect.flow.id": "f", "prefect.worker.name": "vm1-runs" },
  run_count: 1,
  infrastructure_pid: "4711",
  work_pool_name: "runs",
  state: state("RUNNING"),
  ...more,
});

const understood = {
  id: "a",
  name: "name-of-a",
  state: {
    id: "s-RUNNING",
    type: "RUNNING",
    name: "RUNNING",
    message: "",
    timestamp: new Date("2026-11-25T01:00:34.038Z"),
  },
  runCount: 1,
  pool: "runs",
  deploymentId: "d",
  workerName: "vm1-runs",
  infrastructurePid: 4711,
  retriesInProcess: false,
};

test("the live runs of our pools are asked for, in an order that keeps still", async () => {
  await using server = await served(() => [200, JSON.stringify([run("a")])]);
  expect(await server.api.liveRuns(["runs", "more"], signal)).toEqual({
    kind: "ok",
    value: [understood],
  });
  expect(server.received[0]).toMatchObject({ method: "POST", path: "/api/flow_runs/filter" });
  expect(bodyOf(server.received[0])).toEqual({
    flow_runs: { state: { type: { any_: ["PENDING", "RUNNING", "CANCELLING"] } } },
    work_pools: { name: { any_: ["runs", "more"] } },
    sort: "ID_DESC",
    limit: 200,
    offset: 0,
  });
});

test("those that crashed are asked for by the time of their end", async () => {
  await using server = await served(() => [200, JSON.stringify([run("a")])]);
  const since = new Date("2026-11-25T00:00:00Z");
  expect(await server.api.recentCrashes(["runs"], since, signal)).toEqual({
    kind: "ok",
    value: [understood],
  });
  expect(bodyOf(server.received[0])).toMatchObject({
    flow_runs: {
      state: { type: { any_: ["CRASHED"] } },
      start_time: { after_: "2026-11-25T00:00:00.000Z" },
    },
    work_pools: { name: { any_: ["runs"] } },
  });
});

test("all pages of them are read", async () => {
  const all = Array.from({ length: 450 }, (_, index) => run(`r${index}`));
  await using server = await served((received) => {
    const { limit, offset } = bodyOf(received) as { limit: number; offset: number };
    return [200, JSON.stringify(all.slice(offset, offset + limit))];
  });
  const answer = await server.api.liveRuns(["runs"], signal);
  expect(answer.kind === "ok" && answer.value.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  expect(server.received).toHaveLength(3);
});

test("without pools nobody is asked", async () => {
  await using server = await served(() => [500, ""]);
  expect(await server.api.liveRuns([], signal)).toEqual({ kind: "ok", value: [] });
  expect(server.received).toHaveLength(0);
});

test("one that is not understood does not hide the others", async () => {
  const odd = [
    run("odd", { state: state("DREAMING") }),
    run("none", { state: null }),
    run("worse", { name: 3 }),
    null,
  ];
  await using server = await served(() => [200, JSON.stringify([...odd, run("a")])]);
  expect(await server.api.liveRuns(["runs"], signal)).toEqual({ kind: "ok", value: [understood] });
});

test.each([
  [{}, {}],
  [
    { labels: null, infrastructure_pid: null, deployment_id: null, work_pool_name: null },
    {
      workerName: undefined,
      infrastructurePid: undefined,
      deploymentId: undefined,
      pool: undefined,
    },
  ],
  [{ labels: { "prefect.worker.name": 3 } }, { workerName: undefined }],
  [{ infrastructure_pid: "vm2:4711" }, { infrastructurePid: undefined }],
  [{ empirical_policy: { retry_type: "in_process" } }, { retriesInProcess: true }],
  [{ empirical_policy: null, run_count: null }, { runCount: 0 }],
])("a run with %o is %o", async (given, expected) => {
  await using server = await served(() => [200, JSON.stringify(run("a", given))]);
  const answer = await server.api.run("a", signal);
  expect(answer).toEqual({ kind: "ok", value: { ...understood, ...expected } });
  expect(server.received[0]).toMatchObject({ method: "GET", path: "/api/flow_runs/a" });
});

test("a run that is deleted is no failure", async () => {
  await using server = await served(() => [404, '{"detail":"Flow run not found"}']);
  expect(await server.api.run("a", signal)).toEqual({ kind: "ok", value: undefined });
});

test("a history is told from its beginning", async () => {
  const timed = (type: string, second: number) =>
    state(type, { timestamp: `2026-11-25T01:00:0${second}Z` });
  const states = [timed("RUNNING", 2), timed("PENDING", 1), timed("CRASHED", 3)];
  await using server = await served(() => [200, JSON.stringify(states)]);
  const answer = await server.api.stateHistory("a", signal);
  expect(answer.kind === "ok" && answer.value.map(({ type }) => type)).toEqual([
    "PENDING",
    "RUNNING",
    "CRASHED",
  ]);
  expect(server.received[0]?.path).toBe("/api/flow_run_states/?flow_run_id=a");
});

test("of the errors logged about it, those of its own process count", async () => {
  const logs = [
    { name: "prefect.flow_runs", level: 40, message: "cannot load" },
    { name: "prefect.flow_runs.worker", level: 40, message: "exited with status 1" },
  ];
  await using server = await served(() => [200, JSON.stringify(logs)]);
  expect(await server.api.errorsLogged("a", signal)).toEqual({
    kind: "ok",
    value: ["cannot load"],
  });
  expect(bodyOf(server.received[0])).toMatchObject({
    logs: { flow_run_id: { any_: ["a"] }, level: { ge_: 40 } },
  });
});

test.each([
  [{ status: "ACCEPT", state: state("CRASHED"), details: {} }, { kind: "accepted" }],
  [
    { status: "REJECT", state: state("CANCELLING"), details: { reason: "Cannot." } },
    { kind: "not-accepted", why: "REJECT: Cannot.", state: { type: "CANCELLING" } },
  ],
  [
    { status: "ABORT", state: null, details: { reason: "Already." } },
    { kind: "not-accepted", why: "ABORT: Already.", state: undefined },
  ],
  [
    { status: "WAIT", state: null, details: { delay_seconds: 3, reason: null } },
    { kind: "not-accepted", why: "WAIT: no reason given", state: undefined },
  ],
])("the orchestration says %o", async (body, expected) => {
  await using server = await served(() => [200, JSON.stringify(body)]);
  const change = { type: "CRASHED", name: "Crashed", message: "gone" } as const;
  const answer = await server.api.setState("a", change, signal);
  expect(answer).toMatchObject({ kind: "ok", value: expected });
});

test("a state is never forced, and set again while the server is busy", async () => {
  await using server = await served((_, count) =>
    count === 1
      ? [503, "{}"]
      : [201, JSON.stringify({ status: "ACCEPT", state: null, details: {} })],
  );
  const again = {
    type: "SCHEDULED",
    name: "AwaitingRetry",
    message: "why",
    scheduledTime: new Date("2026-11-25T01:00:00Z"),
  } as const;
  expect(await server.api.setState("a", again, signal)).toEqual({
    kind: "ok",
    value: { kind: "accepted" },
  });
  expect(server.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/flow_runs/a/set_state",
    "POST /api/flow_runs/a/set_state",
  ]);
  expect(bodyOf(server.received[1])).toEqual({
    state: {
      type: "SCHEDULED",
      name: "AwaitingRetry",
      message: "why",
      state_details: { scheduled_time: "2026-11-25T01:00:00.000Z" },
    },
    force: false,
  });
});

test.each(["run", "stateHistory", "errorsLogged"] as const)(
  "%s of a server that says something else is refused",
  async (call) => {
    await using server = await served(() => [200, '{"detail":"hello"}']);
    expect(await server.api[call]("a", signal)).toMatchObject({ kind: "refused", status: 200 });
  },
);
