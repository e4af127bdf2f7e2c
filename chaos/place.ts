/** Where one installation of Prefect lives for a while: a folder, free ports, flows to run. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { findFreePort } from "../src/host/free-port.ts";
import { endLeftovers } from "../src/host/leftovers.ts";

export interface PlaceOptions {
  /** The Python environment with Prefect. */
  readonly environment: string;
  readonly pools: readonly PoolPlan[];
  readonly deployments: readonly DeploymentPlan[];
  /** Whether the folder stays, for those who want to read the logs. */
  readonly keep: boolean;
}

export interface PoolPlan {
  readonly name: string;
  readonly limit: number | null;
  /** The base job template; none: the one that the pool's first worker brings. */
  readonly template?: object;
}

/** A flow of flows/flows.py in a pool; it is called like the pool. */
export interface DeploymentPlan {
  readonly flow: string;
  readonly pool: string;
}

export class Place implements AsyncDisposable {
  readonly directory: string;
  readonly environment: string;
  readonly pools: readonly PoolPlan[];
  readonly serverPort: number;
  readonly hasDeployments: boolean;
  readonly #keep: boolean;

  private constructor(directory: string, serverPort: number, options: PlaceOptions) {
    this.directory = directory;
    this.serverPort = serverPort;
    this.environment = options.environment;
    this.pools = options.pools;
    this.hasDeployments = options.deployments.length > 0;
    this.#keep = options.keep;
  }

  static async make(options: PlaceOptions): Promise<Place> {
    const program = join(options.environment, "bin/prefect");
    if (!existsSync(program)) {
      throw new Error(`there is no ${program}: scripts/test builds the Python environments`);
    }
    const directory = await mkdtemp(join(tmpdir(), "sails-chaos-"));
    const place = new Place(directory, await findFreePort(), options);
    await Promise.all([place.home, place.project, place.temporary].map((each) => mkdir(each)));
    const flows = join(import.meta.dirname, "flows/flows.py");
    await copyFile(flows, join(place.project, "flows.py"));
    await writeFile(place.prefectYaml, prefectYaml(place, options.deployments));
    return place;
  }

  /** PREFECT_HOME: by it, every process of this place is found. */
  get home(): string {
    return join(this.directory, "prefect");
  }

  get project(): string {
    return join(this.directory, "project");
  }

  /** TMPDIR: what is killed leaves things there. */
  get temporary(): string {
    return join(this.directory, "tmp");
  }

  get prefectYaml(): string {
    return join(this.project, "prefect.yaml");
  }

  get ledger(): string {
    return join(this.directory, "ledger");
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.serverPort}/api`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endLeftovers({ variable: "PREFECT_HOME", value: this.home, patienceMs: 0 });
    if (!this.#keep) await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

const prefectYaml = (
  { project, ledger }: Pick<Place, "project" | "ledger">,
  deployments: readonly DeploymentPlan[],
): string =>
  stringify({
    name: "chaos",
    pull: [{ "prefect.deployments.steps.set_working_directory": { directory: project } }],
    deployments: deployments.map(({ flow, pool }) => ({
      name: pool,
      entrypoint: `flows.py:${flow}`,
      work_pool: { name: pool },
      parameters: { ledger },
    })),
  });
