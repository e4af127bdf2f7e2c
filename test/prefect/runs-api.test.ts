/** The calls about flow runs against real servers, and what is believed of their orchestration. */
import { afterAll, describe, expect, type TestContext, test } from "vitest";
import { systemClock } from "../../src/host/clock.ts";
import { createPrefectApi, type PrefectApi } from "../../src/prefect/api/client.ts";
import {
  createFlowRunApi,
  type FlowRun,
  type FlowRunApi,
} from "../../src/prefect/api/flow-runs.ts";
import { createOverviewApi, type OverviewApi } from "../../src/prefect/api/overview.ts";
import { type Answer, sendOnce, sendPersistently } from "../../src/prefect/api/transport.ts";
import type { RunProcess } from "../../src/prefect/ports.ts";
import { RunGuard } from "../../src/prefect/runs/guard.ts";
import { type BareServer, startBareServer } from "../support/bare-prefect-server.ts";
import { titleOf, transitions } from "../support/orchestration.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask } from "../support/prefect-server.ts";
import { guardedPool } from "./unit/runs/scripted-host.ts";

const signal = new AbortController().signal;

function valueOf<T>(answer: Answer<T>): T {
  if (answer.kind !== "ok") throw new Error(answer.why);
  return answer.value;
}

/** A server with a limited pool and a deployment in it. */
class Place implements AsyncDisposable {
  readonly #server: BareServer;
  readonly runs: FlowRunApi;
  readonly overview: OverviewApi;
  readonly api: FlowRunApi & PrefectApi;
  readonly pool = "my pool #1";
  #deployment = "";

  private constructor(server: BareServer) {
    this.#server = server;
    this.runs = createFlowRunApi(this.#options);
    this.overview = createOverviewApi(this.#options);
    this.api = { ...this.runs, ...createPrefectApi(this.#options) };
  }

  get deployment(): string {
    return this.#deployment;
  }

  get #options() {
    return { url: this.#server.apiUrl, auth: undefined, requestTimeoutMs: 60_000 };
  }

  static async make(environment: string): Promise<Place> {
    const place = new Place(await startBareServer(environment));
    const made = { name: place.pool, type: "process", concurrency_limit: 5 };
    valueOf(await place.api.createPool(made, signal));
    const flow = await place.#post<{ id: string }>("/flows/", { name: "flow" });
    const deployment = await place.#post<{ id: string }>("/deployments/", {
      name: "deployment",
      flow_id: flow.id,
      work_pool_name: place.pool,
      entrypoint: "flow.py:flow",
    });
    place.#deployment = deployment.id;
    return place;
  }

  /** As often as it takes: a busy server refuses what has nothing wrong with it. */
  async #post<T>(path: string, body: object): Promise<T> {
    const send = sendPersistently(sendOnce(this.#options));
    return valueOf(await send({ method: "POST", path, body }, (answer) => answer as T, signal));
  }

  /** A run that has been through these states. */
  async runThrough(...states: readonly FlowRun["state"]["type"][]): Promise<string> {
    const path = `/deployments/${this.#deployment}/create_flow_run`;
    const { id } = await this.#post<{ id: string }>(path, {});
    for (const type of states) {
      const change = { type, name: type, message: `now ${type}` };
      const said = valueOf(await this.runs.setState(id, change, signal));
      if (said.kind !== "accepted") throw new Error(said.why);
    }
    return id;
  }

  async stateOf(id: string): Promise<FlowRun["state"] | undefined> {
    return valueOf(await this.runs.run(id, signal))?.state;
  }

  /** As an engine does that got SIGTERM. */
  async crashByForce(id: string, message: string): Promise<void> {
    const body = { state: { type: "CRASHED", message }, force: true };
    await this.#post(`/flow_runs/${id}/set_state`, body);
  }

  async label(id: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const call = { method: "PATCH", path: `/flow_runs/${id}/labels`, body: labels } as const;
    const send = sendPersistently(sendOnce(this.#options));
    valueOf(await send(call, (answer) => answer, signal));
  }

  async dueAt(id: string): Promise<Date> {
    const run = await ask<{ next_scheduled_start_time: string }>(
      this.#server.apiUrl,
      `/flow_runs/${id}`,
    );
    return new Date(run.next_scheduled_start_time);
  }

  async holdsSlot(id: string): Promise<boolean> {
    const path = `/work_pools/${encodeURIComponent(this.pool)}/concurrency_status`;
    const { queues } = await this.#post<{ queues: { flow_runs: { id: string }[] }[] }>(path, {
      flow_run_limit: 200,
    });
    return queues.some(({ flow_runs: held }) => held.some((run) => run.id === id));
  }

  async log(id: string, name: string, level: number, message: string): Promise<void> {
    const timestamp = new Date().toISOString();
    const line = { flow_run_id: id, name, level, message, timestamp };
    await this.#post("/logs/", [line]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

const places = new Map<string, Promise<Place>>();
afterAll(async () => {
  for (const place of places.values()) await (await place)[Symbol.asyncDispose]();
});

/** One server for all tests of an environment. */
function placeOf(environment: string, ctx: Pick<TestContext, "skip">): Promise<Place> {
  const place = places.get(environment) ?? Place.make(environmentOf(environment, ctx));
  places.set(environment, place);
  return place;
}

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (environment) => {
  // 3.6.4 does not say who holds a slot.
  const tellsSlots = environment === "survey";

  test.for(transitions.map((each) => ({ title: titleOf(each), ...each })))(
    "$title",
    async ({ through, to, name, said, then, holdsSlot }, ctx) => {
      const place = await placeOf(environment, ctx);
      const id = await place.runThrough(...through);
      if (tellsSlots) expect(await place.holdsSlot(id)).toBe(holdsSlot[0]);
      const change = { type: to, name: name ?? to, message: "why" };
      const answer = valueOf(await place.runs.setState(id, change, signal));
      if (said === "accepted") expect(answer).toEqual({ kind: "accepted" });
      else expect(answer).toMatchObject({ kind: "not-accepted", why: expect.stringMatching(said) });
      expect((await place.stateOf(id))?.type).toBe(then);
      if (tellsSlots) expect(await place.holdsSlot(id)).toBe(holdsSlot[1]);
    },
  );

  test("the live runs of a pool, and of no other", async (ctx) => {
    const place = await placeOf(environment, ctx);
    const live = [
      await place.runThrough("PENDING"),
      await place.runThrough("PENDING", "RUNNING"),
      await place.runThrough("PENDING", "RUNNING", "CANCELLING"),
    ];
    const others = [
      await place.runThrough(),
      await place.runThrough("PENDING", "RUNNING", "COMPLETED"),
      await place.runThrough("PENDING", "CRASHED"),
    ];
    const listed = valueOf(await place.runs.liveRuns([place.pool], signal));
    const ids = listed.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(live));
    for (const id of others) expect(ids).not.toContain(id);
    expect(listed.find(({ id }) => id === live[1])).toMatchObject({
      pool: place.pool,
      deploymentId: expect.any(String),
      name: expect.any(String),
      runCount: 1,
      workerName: undefined,
      retriesInProcess: false,
      state: { type: "RUNNING", message: "now RUNNING", timestamp: expect.any(Date) },
    });
    expect(valueOf(await place.runs.liveRuns(["another"], signal))).toEqual([]);
  });

  test("what crashed a short while ago", async (ctx) => {
    const place = await placeOf(environment, ctx);
    const since = new Date(Date.now() - 1_000);
    const crashed = [
      await place.runThrough("PENDING", "CRASHED"),
      await place.runThrough("PENDING", "RUNNING", "CRASHED"),
    ];
    const others = [
      await place.runThrough("PENDING", "CRASHED", "SCHEDULED"),
      await place.runThrough("PENDING", "CANCELLED"),
      await place.runThrough("PENDING"),
    ];
    const list = async (pool: string, from: Date) =>
      valueOf(await place.runs.recentCrashes([pool], from, signal)).map(({ id }) => id);
    const listed = await list(place.pool, since);
    expect(listed).toEqual(expect.arrayContaining(crashed));
    for (const id of others) expect(listed).not.toContain(id);
    expect(await list("another", since)).toEqual([]);
    expect(await list(place.pool, new Date(Date.now() + 60_000))).toEqual([]);
  });

  test("what a run has been, and what it has logged", async (ctx) => {
    const place = await placeOf(environment, ctx);
    const id = await place.runThrough("PENDING", "RUNNING", "CRASHED");
    await place.log(id, "prefect.flow_runs", 40, "cannot load");
    await place.log(id, "prefect.flow_runs", 30, "a warning");
    await place.log(id, "prefect.flow_runs.worker", 40, "the worker says so too");
    const states = valueOf(await place.runs.stateHistory(id, signal));
    expect(states.map(({ type }) => type)).toEqual(["SCHEDULED", "PENDING", "RUNNING", "CRASHED"]);
    expect(states.at(-1)).toEqual(await place.stateOf(id));
    expect(valueOf(await place.runs.errorsLogged(id, signal))).toEqual(["cannot load"]);
  });

  test("a run that nobody knows", async (ctx) => {
    const { runs } = await placeOf(environment, ctx);
    const id = "00000000-0000-4000-8000-000000000000";
    expect(valueOf(await runs.run(id, signal))).toBeUndefined();
    const change = { type: "CRASHED", name: "Crashed", message: "" } as const;
    expect(await runs.setState(id, change, signal)).toMatchObject({ kind: "refused", status: 404 });
  });

  test("a run is not started again before its time", async (ctx) => {
    const place = await placeOf(environment, ctx);
    const id = await place.runThrough("PENDING");
    const scheduledTime = new Date(Date.now() + 3_600_000);
    const again = { type: "SCHEDULED", name: "AwaitingRetry", message: "", scheduledTime } as const;
    valueOf(await place.runs.setState(id, again, signal));
    expect(await place.dueAt(id)).toEqual(scheduledTime);
  });
});

/** A host on which these runs have had a process, and no worker lives. */
function guardOf(place: Place, gone: readonly string[]) {
  let runs: readonly RunProcess[] = gone.map((flowRunId, index) => ({
    kind: "gone",
    since: systemClock.now(),
    why: "ended",
    record: {
      flowRunId,
      pool: place.pool,
      pid: 100 + index,
      startTime: 1,
      bootId: "boot",
      workerPid: 50,
      startedAt: new Date(),
      environment: "/opt/env",
      output: undefined,
      cgroup: undefined,
    },
  }));
  const told: string[] = [];
  const guard = new RunGuard({
    api: place.api,
    clock: systemClock,
    wallClock: () => new Date(),
    host: { name: "vm1", bootedAt: new Date() },
    pools: () => [guardedPool(place.pool)],
    workers: () => [],
    registry: {
      get runs() {
        return runs;
      },
      look: () => undefined,
      forget: (record) => (runs = runs.filter((run) => run.record !== record)),
    },
    processes: {
      find: () => undefined,
      signal: () => undefined,
      death: () => Promise.resolve({ outOfMemory: "no", exit: undefined }),
      strays: () => Promise.resolve({ found: 0, left: [] }),
    },
    observer: {
      settled: ({ id }, action) => told.push(`${action} ${id}`),
      failed: ({ id }, why) => told.push(`failed ${id}: ${why}`),
      left: ({ id }, why) => told.push(`left ${id}: ${why}`),
      signalled: () => undefined,
      strays: () => undefined,
      swept: () => undefined,
    },
  });
  return { guard, told, left: () => runs };
}

test("what has died is settled on a real server, and no slot is held", async (ctx) => {
  const place = await placeOf("survey", ctx);
  const dead = {
    running: await place.runThrough("PENDING", "RUNNING"),
    unbegun: await place.runThrough("PENDING", "CRASHED"),
    pending: await place.runThrough("PENDING"),
    cancelling: await place.runThrough("PENDING", "RUNNING", "CANCELLING"),
    terminated: await place.runThrough("PENDING", "RUNNING", "CANCELLING"),
    completed: await place.runThrough("PENDING", "RUNNING", "COMPLETED"),
  };
  await place.crashByForce(dead.terminated, "Execution was aborted by a termination signal.");
  const claimed = await place.runThrough("PENDING");
  const others = await place.runThrough("PENDING", "RUNNING");
  await place.label(others, { "prefect.worker.name": "vm2-my pool #1" });

  const { guard, told, left } = guardOf(place, Object.values(dead));
  using _guard = guard;
  await guard.settleAll(signal);
  const ids = { ...dead, claimed, others };
  const states = await Promise.all(
    Object.entries(ids).map(async ([name, id]) => [name, (await place.stateOf(id))?.name] as const),
  );
  expect(Object.fromEntries(states)).toEqual({
    running: "Crashed",
    unbegun: "AwaitingRetry",
    pending: "AwaitingRetry",
    cancelling: "Cancelled",
    terminated: "Cancelled",
    completed: "COMPLETED",
    claimed: "AwaitingRetry",
    others: "RUNNING",
  });
  for (const id of [...Object.values(dead), claimed]) expect(await place.holdsSlot(id)).toBe(false);
  expect(left()).toEqual([]);
  expect(told).not.toContainEqual(expect.stringMatching(/^failed/));
});

describe.each(["survey", "prefect-3.6.4"])("with the environment %s", (environment) => {
  test("how an installation does is seen with one request for each pool", async (ctx) => {
    const place = await placeOf(environment, ctx);
    const { overview, pool } = place;
    const from = new Date();
    const counted = async () =>
      valueOf(
        await overview.runCounts(
          pool,
          { after: from.toISOString(), before: new Date().toISOString() },
          signal,
        ),
      );
    const before = await counted();
    await place.runThrough("PENDING", "RUNNING", "COMPLETED");
    await place.runThrough("PENDING", "RUNNING", "FAILED");
    await place.runThrough("PENDING", "RUNNING");
    await place.runThrough("PENDING");
    await place.runThrough();
    const { live, ended } = await counted();
    const more = (what: keyof typeof live) => live[what] - before.live[what];
    expect([more("running"), more("pending"), more("cancelling"), more("paused")]).toEqual([
      ...[1, 1, 0, 0],
    ]);
    // It is late after fifteen seconds, whenever the server looks.
    expect(more("scheduled") + more("late")).toBeGreaterThanOrEqual(1);
    expect(ended).toEqual({ completed: 1, failed: 1, crashed: 0, cancelled: 0 });
    const other = { after: from.toISOString(), before: new Date().toISOString() };
    const none = valueOf(await overview.runCounts("another", other, signal));
    expect(Object.values({ ...none.live, ...none.ended }).every((count) => count === 0)).toBe(true);

    expect(valueOf(await overview.version(signal))).toMatch(/^3\./);
    expect(valueOf(await overview.health(signal))).toBe(true);
    expect(valueOf(await overview.queueStates(signal))).toContainEqual({
      name: "default",
      work_pool_name: pool,
      is_paused: false,
      last_polled: null,
    });
    const deployment = { id: place.deployment, activeSchedules: 0 };
    expect(valueOf(await overview.schedules(signal))).toContainEqual(deployment);
    const toCome = async (since: Date) =>
      valueOf(await overview.runsToCome(place.deployment, since, signal));
    expect(await toCome(new Date(0))).toBeGreaterThanOrEqual(1);
    expect(await toCome(new Date("2099-01-01"))).toBe(0);
    const late = valueOf(await overview.oldestLate(pool, signal));
    expect(late === undefined).toBe(live.late === 0);
  });
});
