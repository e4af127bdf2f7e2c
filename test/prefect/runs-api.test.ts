/** The calls about flow runs against real servers, and what is believed of their orchestration. */
import { afterAll, describe, expect, type TestContext, test } from "vitest";
import { createPrefectApi } from "../../src/prefect/api/client.ts";
import {
  createFlowRunApi,
  type FlowRun,
  type FlowRunApi,
} from "../../src/prefect/api/flow-runs.ts";
import { type Answer, sendOnce, sendPersistently } from "../../src/prefect/api/transport.ts";
import { type BareServer, startBareServer } from "../support/bare-prefect-server.ts";
import { titleOf, transitions } from "../support/orchestration.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { ask } from "../support/prefect-server.ts";

const signal = new AbortController().signal;

function valueOf<T>(answer: Answer<T>): T {
  if (answer.kind !== "ok") throw new Error(answer.why);
  return answer.value;
}

/** A server with a limited pool and a deployment in it. */
class Place implements AsyncDisposable {
  readonly #server: BareServer;
  readonly runs: FlowRunApi;
  readonly pool = "my pool #1";
  #deployment = "";

  private constructor(server: BareServer) {
    this.#server = server;
    this.runs = createFlowRunApi(this.#options);
  }

  get #options() {
    return { url: this.#server.apiUrl, auth: undefined, requestTimeoutMs: 60_000 };
  }

  static async make(environment: string): Promise<Place> {
    const place = new Place(await startBareServer(environment));
    const pools = createPrefectApi(place.#options);
    const made = { name: place.pool, type: "process", concurrency_limit: 5 };
    valueOf(await pools.createPool(made, signal));
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
