/** Where one installation of Prefect lives for a while: a folder, free ports, flows to run. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
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
  /** All paths but `ledger` are as the processes of the place see them. */
  readonly directory: string;
  readonly environment: string;
  readonly pools: readonly PoolPlan[];
  readonly serverPort: number;
  readonly hasDeployments: boolean;
  readonly #root: string;
  readonly #keep: boolean;

  private constructor(root: string, directory: string, port: number, options: PlaceOptions) {
    this.#root = root;
    this.directory = directory;
    this.serverPort = port;
    this.environment = resolve(options.environment);
    this.pools = options.pools;
    this.hasDeployments = options.deployments.length > 0;
    this.#keep = options.keep;
  }

  /** @param root the root folder of its processes as we see it: a container has one of its own */
  static async make(options: PlaceOptions, root = "/"): Promise<Place> {
    const program = join(options.environment, "bin/prefect");
    if (!existsSync(program)) {
      throw new Error(`there is no ${program}: scripts/test builds the Python environments`);
    }
    const made = await mkdtemp(join(root, "tmp/sails-chaos-"));
    const directory = join("/tmp", made.slice(made.lastIndexOf("/")));
    const place = new Place(root, directory, await findFreePort(), options);
    for (const folder of [place.home, place.project, place.temporary]) {
      await mkdir(place.seen(folder));
    }
    const flows = join(import.meta.dirname, "flows/flows.py");
    await copyFile(flows, place.seen(join(place.project, "flows.py")));
    await writeFile(place.seen(place.prefectYaml), prefectYaml(place, options.deployments));
    return place;
  }

  /** A path of its processes, as we reach it. */
  seen(path: string): string {
    return join(this.#root, path);
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

  /** As we reach it. */
  get ledger(): string {
    return this.seen(ledgerIn(this.directory));
  }

  /** As its processes reach it. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.serverPort}/api`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endLeftovers({ variable: "PREFECT_HOME", value: this.home, patienceMs: 0 });
    if (this.#keep) return;
    await rm(this.seen(this.directory), { recursive: true, force: true, maxRetries: 3 });
  }
}

const ledgerIn = (directory: string): string => join(directory, "ledger");

const prefectYaml = (
  { project, directory }: Pick<Place, "project" | "directory">,
  deployments: readonly DeploymentPlan[],
): string =>
  stringify({
    name: "chaos",
    pull: [{ "prefect.deployments.steps.set_working_directory": { directory: project } }],
    deployments: deployments.map(({ flow, pool }) => ({
      name: pool,
      entrypoint: `flows.py:${flow}`,
      work_pool: { name: pool },
      parameters: { ledger: ledgerIn(directory) },
    })),
  });
