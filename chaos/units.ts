/**
 * The incumbent where no systemd can be booted: `prefect-server.service` and
 * `prefect-worker@.service`, emulated in their ExecStartPre=, Restart=, RestartSec= and KillMode=.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { complete } from "../bench/complete.ts";
import { findFreePort } from "../src/host/free-port.ts";
import type { Installation } from "./installation.ts";
import { Place, type PlaceOptions } from "./place.ts";
import { Prefect } from "./prefect.ts";
import {
  prefectVariables,
  serverCommand,
  type Variables,
  workerCommand,
} from "./prefect-variables.ts";
import { type KillMode, Restarter } from "./restarter.ts";

export interface UnitOptions {
  readonly killMode: KillMode;
  /** Further environment of the workers. */
  readonly workerVariables?: Variables;
}

export class Units implements Installation {
  readonly caption: string;
  readonly patienceMs = 60_000;
  readonly place: Place;
  readonly #options: UnitOptions;
  readonly #signal: AbortSignal;
  readonly #prefect: Prefect;
  #server: Restarter | undefined;
  #workers: readonly Restarter[] = [];

  private constructor(place: Place, options: UnitOptions, signal: AbortSignal) {
    this.place = place;
    this.#options = options;
    this.#signal = signal;
    this.#prefect = new Prefect(place.apiUrl, signal);
    this.caption = `unit files, workers with RestartSec=5 and KillMode=${options.killMode}, emulated by this program without a systemd`;
  }

  static async make(
    place: PlaceOptions,
    options: UnitOptions,
    signal: AbortSignal,
  ): Promise<Units> {
    return new Units(await Place.make(place), options, signal);
  }

  get apiUrl(): string {
    return this.place.apiUrl;
  }

  async start(): Promise<void> {
    const { pools, project, environment, hasDeployments } = this.place;
    this.#server = this.#serverUnit();
    await this.#prefect.healthy();
    for (const { name, limit, template } of pools) {
      await this.#prefect.createPool(name, limit, template);
    }
    if (hasDeployments) {
      const options = { cwd: project, env: this.#environment(), signal: this.#signal };
      await complete(join(environment, "bin/prefect"), ["--no-prompt", "deploy", "--all"], options);
    }
    this.#workers = await Promise.all(pools.map(({ name }) => this.#workerUnit(name)));
  }

  supervisorPid(): undefined {
    return undefined;
  }

  /** As `systemctl stop` of all: the workers first, which take their flows with them. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop("SIGTERM", 90_000)));
    await this.#server?.stop("SIGTERM", 90_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#workers, ...(this.#server === undefined ? [] : [this.#server])];
    await Promise.all(all.map((unit) => unit.stop("SIGKILL", 0)));
    await this.place[Symbol.asyncDispose]();
  }

  #serverUnit(): Restarter {
    const { directory } = this.place;
    return new Restarter({
      name: "prefect-server.service",
      command: serverCommand(this.place),
      env: this.#environment(),
      directory,
      log: join(directory, "server.log"),
      restartMs: 1_000,
      killMode: "mixed",
      mayStart: async () => undefined,
    });
  }

  async #workerUnit(pool: string): Promise<Restarter> {
    const { directory } = this.place;
    return new Restarter({
      name: `prefect-worker@${pool}.service`,
      command: workerCommand(this.place, pool, `${hostname()}-${pool}`),
      env: {
        ...this.#environment(),
        PREFECT_WORKER_WEBSERVER_HOST: "127.0.0.1",
        PREFECT_WORKER_WEBSERVER_PORT: String(await findFreePort()),
        ...this.#options.workerVariables,
      },
      directory,
      log: join(directory, `worker-${pool}.log`),
      restartMs: 5_000,
      killMode: this.#options.killMode,
      mayStart: (signal) => this.#serverAnswers(signal),
    });
  }

  /** The loop that such units have in ExecStartPre. */
  async #serverAnswers(signal: AbortSignal): Promise<void> {
    while (!(await this.#prefect.isHealthy())) await sleep(1_000, undefined, { signal });
  }

  #environment(): Variables {
    const { PATH = "", HOME = "" } = process.env;
    return { PATH, HOME, ...prefectVariables(this.place) };
  }
}
