import { expect, test } from "vitest";
import { createPrefectApi } from "../../../src/prefect/api/client.ts";
import { createDeclaredApi } from "../../../src/prefect/api/declared.ts";
import { signal } from "./given.ts";
import { loopbackServer, type Received, type Reply } from "./loopback-server.ts";

async function served(reply: Reply) {
  const server = await loopbackServer(reply);
  const options = { url: server.url, auth: undefined, requestTimeoutMs: 20_000 };
  const api = { ...createPrefectApi(options), ...createDeclaredApi(options) };
  const dispose = server[Symbol.asyncDispose].bind(server);
  return { api, received: server.received, [Symbol.asyncDispose]: dispose };
}

/** As a server that holds these would give them, page by page. */
const pages = (items: readonly object[], { body }: Received): readonly [number, string] => {
  const { limit, offset } = JSON.parse(body) as { limit: number; offset: number };
  return [200, JSON.stringify(items.slice(offset, offset + limit))];
};

/** With what newer servers add. */
const pool = (name: string) => ({
  name,
  type: "process",
  is_paused: false,
  concurrency_limit: null,
  active_slots: null,
  status: "READY",
});

test.each([
  [0, 1],
  [199, 1],
  [200, 2],
  [450, 3],
])("%i pools are all read, in %i pages", async (count, requests) => {
  const all = Array.from({ length: count }, (_, i) => pool(`p${i}`));
  await using server = await served((received) => pages(all, received));
  const answer = await server.api.pools(signal);
  expect(answer.kind === "ok" && answer.value.map(({ name }) => name)).toEqual(
    all.map(({ name }) => name),
  );
  expect(server.received).toHaveLength(requests);
});

test("a later page that fails is not taken for the end", async () => {
  const all = Array.from({ length: 300 }, (_, i) => pool(`p${i}`));
  await using server = await served((received, count) =>
    count === 1 ? pages(all, received) : [500, "no"],
  );
  expect(await server.api.pools(signal)).toMatchObject({ kind: "refused", status: 500 });
});

test.each(['{"detail":"hello"}', '[{"name":"a"}]', "null"])(
  "%s is not a list of pools",
  async (body) => {
    await using server = await served(() => [200, body]);
    expect(await server.api.pools(signal)).toMatchObject({
      kind: "refused",
      why: expect.stringMatching(/not Prefect's$/),
    });
  },
);

test("deployments carry the names of their flows", async () => {
  const deployments = ["one", "two", "gone"].map((flow) => ({
    id: `d-${flow}`,
    name: "default",
    flow_id: flow,
    entrypoint: flow === "two" ? null : `${flow}.py:f`,
    work_pool_name: flow === "two" ? null : "runs",
    schedules: [{ id: "s", slug: null, active: true, schedule: { cron: "@daily" } }],
    paused: false,
    updated: "2026-01-01T00:00:00Z",
    tags: ["b", "a"],
    job_variables: { command: flow === "one" ? "mine" : null },
  }));
  const flows = ["two", "one"].map((id) => ({ id, name: `flow-${id}` }));
  await using server = await served((received) =>
    pages(received.path.includes("/flows/") ? flows : deployments, received),
  );
  const answer = await server.api.deployments(signal);
  expect(answer).toMatchObject({
    kind: "ok",
    value: [
      ["one", "flow-one", "one.py:f", "runs"],
      ["two", "flow-two", undefined, undefined],
      ["gone", "", "gone.py:f", "runs"],
    ].map(([flow, flowName, entrypoint, poolName]) => ({
      id: `d-${flow}`,
      name: "default",
      flowName,
      entrypoint,
      poolName,
      command: flow === "one" ? "mine" : undefined,
      schedules: [{ id: "s", slug: null, active: true, schedule: { cron: "@daily" } }],
      settings: { tags: ["a", "b"], work_pool: poolName ?? null },
    })),
  });
});

test.each(["/deployments/", "/flows/"])("without %s there is no list", async (path) => {
  await using server = await served((received) =>
    received.path.includes(path) ? [500, "no"] : pages([], received),
  );
  expect(await server.api.deployments(signal)).toMatchObject({ kind: "refused", status: 500 });
});

test("a worker's last heartbeat is a date, or none", async () => {
  const worker = (name: string, last_heartbeat_time: string | null) => ({
    name,
    status: "ONLINE",
    last_heartbeat_time,
  });
  const all = [worker("a", "2026-11-22T16:53:00.250000+00:00"), worker("b", null)];
  await using server = await served((received) => pages(all, received));
  expect(await server.api.workers("my pool #1?", signal)).toEqual({
    kind: "ok",
    value: [
      { ...all[0], last_heartbeat_time: new Date("2026-11-22T16:53:00.250Z") },
      { ...all[1], last_heartbeat_time: null },
    ],
  });
  expect(server.received[0]?.path).toBe("/api/work_pools/my%20pool%20%231%3F/workers/filter");
});

test("a pool that somebody made in the meantime is there, which is all that was asked", async () => {
  await using server = await served(() => [409, '{"exception_message":"exists"}']);
  expect((await server.api.createPool({ name: "a", type: "process" }, signal)).kind).toBe("ok");
});

test("writes go where Prefect has them, and are repeated if it is busy", async () => {
  await using server = await served((_, count) => (count === 1 ? [503, "{}"] : [204, ""]));
  const { api, received } = server;
  const made = { name: "a", type: "process", concurrency_limit: 2 };
  expect((await api.createPool(made, signal)).kind).toBe("ok");
  await api.updatePool("my pool #1?", { concurrency_limit: 3 }, signal);
  const schedule = { active: true, slug: "sails-1", schedule: { cron: "@daily" } };
  await api.createSchedule("d1", schedule, signal);
  expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/work_pools/",
    "POST /api/work_pools/",
    "PATCH /api/work_pools/my%20pool%20%231%3F",
    "POST /api/deployments/d1/schedules",
  ]);
  expect(received.map(({ body }): unknown => JSON.parse(body))).toEqual([
    made,
    made,
    { concurrency_limit: 3 },
    [schedule],
  ]);
});

test("a schedule without a slug is not asked for twice: the first may have been made", async () => {
  await using server = await served(() => [503, "{}"]);
  const schedule = { active: true, schedule: { cron: "@daily" } };
  expect(await server.api.createSchedule("d1", schedule, signal)).toMatchObject({ status: 503 });
  expect(server.received).toHaveLength(1);
});

test("what is there already has been made, and what has gone has been deleted", async () => {
  await using there = await served(() => [409, "{}"]);
  const schedule = { active: true, slug: "sails-1", schedule: { cron: "@daily" } };
  expect((await there.api.createSchedule("d1", schedule, signal)).kind).toBe("ok");
  expect((await there.api.createQueue("p", { name: "q" }, signal)).kind).toBe("ok");
  expect((await there.api.createLimit({ name: "l", limit: 1 }, signal)).kind).toBe("ok");
  await using gone = await served(() => [404, "{}"]);
  expect((await gone.api.deleteSchedule("d1", "s1", signal)).kind).toBe("ok");
  expect((await gone.api.deleteDeployment("d1", signal)).kind).toBe("ok");
});
