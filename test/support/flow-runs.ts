/** A real Prefect with one pool and the flows of test/fixtures/flows, as its runs are seen from outside. */
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunStatus } from "../../src/control/status.ts";
import { Workplace } from "./daemon-process.ts";
import { ask, askUntil } from "./prefect-server.ts";

export interface SeenRun {
  readonly id: string;
  readonly name: string;
  readonly run_count: number;
  readonly state: { readonly name: string; readonly type: string; readonly message: string | null };
}

export const flowProject = join(import.meta.dirname, "../fixtures/flows");

/** A new run of one of its deployments, once that is made. Resolves with its id. */
export async function createRun(
  apiUrl: string,
  flow: "ticker" | "parent",
  body: Readonly<Record<string, unknown>>,
): Promise<string> {
  // A database that is locked for a moment is answered with 503; the key keeps a second try from a second run.
  const wanted = { ...body, idempotency_key: crypto.randomUUID() };
  const run = await askUntil(
    async () => {
      const { id } = await ask<{ id: string }>(apiUrl, `/deployments/name/${flow}/${flow}`);
      return ask<{ id: string }>(apiUrl, `/deployments/${id}/create_flow_run`, wanted);
    },
    () => true,
  );
  return run.id;
}

/** What a ticker prints itself, and a parent; a line of Prefect's may begin on the same line. */
export const printedIn = (output: string): readonly string[] =>
  output.match(/tick \d+|the last word|a child is there/g) ?? [];

export class FlowPlace implements AsyncDisposable {
  readonly place: Workplace;

  private constructor(place: Workplace) {
    this.place = place;
  }

  static async make(
    environment: string,
    pool: Readonly<Record<string, unknown>> = {},
  ): Promise<FlowPlace> {
    const place = await Workplace.make({});
    const project = join(place.directory, "flows");
    await cp(flowProject, project, { recursive: true });
    await place.configure({
      prefect: { env: { PREFECT_WORKER_QUERY_SECONDS: "2", SAILS_TEST_FLOWS: project } },
      environment: { path: environment },
      server: { port: place.serverPort },
      pools: [{ name: "runs", concurrency_limit: 10, ...pool }],
      deployments: [{ prefect_yaml: join(project, "prefect.yaml") }],
    });
    return new FlowPlace(place);
  }

  /** Resolves with the id of a new run. */
  create(flow: "ticker" | "parent", seconds: number): Promise<string> {
    return createRun(this.place.apiUrl, flow, { parameters: { seconds } });
  }

  run(id: string): Promise<SeenRun> {
    return ask<SeenRun>(this.place.apiUrl, `/flow_runs/${id}`);
  }

  /** Resolves when it is in one of these states. */
  until(id: string, ...names: readonly string[]): Promise<SeenRun> {
    return askUntil(
      () => this.run(id),
      ({ state }) => names.includes(state.name),
    );
  }

  /** What the daemon says of it; undefined if it has no process here. */
  async seen(id: string): Promise<RunStatus | undefined> {
    const response = await fetch(`${this.place.webUrl}/api/v1/runs`);
    const { runs } = (await response.json()) as { runs: RunStatus[] };
    return runs.find((each) => each.id === id);
  }

  async printed(id: string): Promise<readonly string[]> {
    const file = join(this.place.stateDir, "logs/runs", `${id}.log`);
    return printedIn(await readFile(file, "utf8"));
  }

  /** Resolves when it has no process any more: that ends a moment after the run. */
  async gone(id: string): Promise<void> {
    await askUntil(
      async () => ({ run: await this.seen(id) }),
      ({ run }) => run === undefined,
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.place[Symbol.asyncDispose]();
  }
}

/** All that a ticker prints. */
export const wholeOutput = (seconds: number): readonly string[] => [
  ...Array.from({ length: seconds }, (_, second) => `tick ${second}`),
  "the last word",
];
