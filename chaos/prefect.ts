/** Asks a Prefect server that is killed every now and then. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

export interface FlowRun {
  readonly id: string;
  readonly name: string;
  readonly state_type: string;
  readonly state_name: string;
  readonly state: { readonly message: string | null; readonly timestamp: string } | null;
  readonly work_pool_name: string;
  readonly run_count: number;
}

export interface Pool {
  readonly name: string;
  readonly concurrency_limit: number | null;
  /** Null without a limit. */
  readonly active_slots: number | null;
}

export interface State {
  readonly type: string;
  readonly name: string;
  readonly timestamp: string;
  readonly message: string | null;
}

export interface Deployment {
  /** A flow of flows.py in the folder; the deployment is called like its pool. */
  readonly flow: string;
  readonly pool: string;
  readonly directory: string;
  readonly parameters: object;
}

/** States that hold a slot of the pool. */
const busyTypes = ["PENDING", "RUNNING", "CANCELLING"] as const;
const finalTypes: readonly string[] = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"];

export const isFinal = ({ state_type: type }: Pick<FlowRun, "state_type">): boolean =>
  finalTypes.includes(type);

export const isBusy = ({ state_type: type }: Pick<FlowRun, "state_type">): boolean =>
  busyTypes.some((busy) => busy === type);

/**
 * A server that is stopped, and not ended, answers nothing. Not shorter: what a client gives up in the
 * middle leaves cursors behind, and one on SQLite may freeze for a minute when it tidies them up.
 */
const timeoutMs = 20_000;
const pageSize = 200;

class Refusal extends Error {
  readonly status: number;

  constructor(path: string, status: number, words: string) {
    super(`${path}: ${status} ${words}`);
    this.status = status;
  }
}

export class Prefect {
  readonly #apiUrl: string;
  readonly #signal: AbortSignal;

  constructor(apiUrl: string, signal: AbortSignal) {
    this.#apiUrl = apiUrl;
    this.#signal = signal;
  }

  /** Throws where the server is away. */
  async ask<Answer>(path: string, body?: object, method?: string): Promise<Answer> {
    const response = await fetch(`${this.#apiUrl}${path}`, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await response.text();
    if (!response.ok) throw new Refusal(path, response.status, text.slice(0, 500));
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  }

  /** Asks until there is an answer: only what would be refused again is not repeated. */
  async insist<Answer>(path: string, body?: object, method?: string): Promise<Answer> {
    for (;;) {
      try {
        return await this.ask<Answer>(path, body, method);
      } catch (error) {
        this.#signal.throwIfAborted();
        if (error instanceof Refusal && error.status < 500) throw error;
        await sleep(250, undefined, { signal: this.#signal });
      }
    }
  }

  async isHealthy(): Promise<boolean> {
    return this.ask("/health").then(
      () => true,
      () => false,
    );
  }

  async healthy(): Promise<void> {
    await this.insist("/health");
  }

  pools(): Promise<readonly Pool[]> {
    return this.insist("/work_pools/filter", {});
  }

  createPool(name: string, limit: number | null, template: object = {}): Promise<unknown> {
    const pool = { name, type: "process", concurrency_limit: limit };
    return this.insist("/work_pools/", { ...pool, base_job_template: template });
  }

  /** Faster by seconds than `prefect deploy`, and the same in the end. */
  async createDeployment(plan: Deployment): Promise<string> {
    const { flow, pool, directory, parameters } = plan;
    const made = await this.insist<{ id: string }>("/flows/", { name: flow });
    const deployment = await this.insist<{ id: string }>("/deployments/", {
      name: pool,
      flow_id: made.id,
      work_pool_name: pool,
      entrypoint: `flows.py:${flow}`,
      path: directory,
      pull_steps: [{ "prefect.deployments.steps.set_working_directory": { directory } }],
      parameters,
      enforce_parameter_schema: false,
    });
    return deployment.id;
  }

  /** Waits for the deployment where it is yet to be made. */
  async deploymentId(flow: string, name: string): Promise<string> {
    for (;;) {
      try {
        return (await this.ask<{ id: string }>(`/deployments/name/${flow}/${name}`)).id;
      } catch {
        await sleep(250, undefined, { signal: this.#signal });
      }
    }
  }

  /** One run, however often the server dies meanwhile: the key tells it that it has been asked already. */
  createRun(deployment: string, name: string, parameters: object): Promise<FlowRun> {
    const run = { name, parameters, idempotency_key: randomUUID() };
    return this.insist(`/deployments/${deployment}/create_flow_run`, run);
  }

  async runs(filter: object = {}): Promise<readonly FlowRun[]> {
    const found: FlowRun[] = [];
    for (let offset = 0; ; offset += pageSize) {
      const page = { flow_runs: filter, sort: "ID_DESC", limit: pageSize, offset };
      const runs = await this.insist<readonly FlowRun[]>("/flow_runs/filter", page);
      found.push(...runs);
      if (runs.length < pageSize) return found;
    }
  }

  /** One request; throws where the server is away. */
  newestRuns(): Promise<readonly FlowRun[]> {
    const sort = "EXPECTED_START_TIME_DESC";
    return this.ask("/flow_runs/filter", { sort, limit: pageSize });
  }

  run(id: string): Promise<FlowRun> {
    return this.insist(`/flow_runs/${id}`);
  }

  async states(run: string): Promise<readonly State[]> {
    const states = await this.insist<State[]>(`/flow_run_states/?flow_run_id=${run}`);
    return states.toSorted((one, other) => Date.parse(one.timestamp) - Date.parse(other.timestamp));
  }

  /** As the button of Prefect's pages does it. */
  cancel(run: string): Promise<unknown> {
    return this.insist(`/flow_runs/${run}/set_state`, {
      state: { type: "CANCELLING", name: "Cancelling" },
    });
  }
}
