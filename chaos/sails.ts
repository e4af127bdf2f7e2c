/** The product, in the foreground, restarted after its death as systemd would. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { complete } from "../bench/complete.ts";
import type { Status } from "../src/control/status.ts";
import { findFreePort } from "../src/host/free-port.ts";
import type { Installation } from "./installation.ts";
import { Place, type PlaceOptions } from "./place.ts";
import type { Variables } from "./prefect-variables.ts";
import { Restarter } from "./restarter.ts";

const program = join(import.meta.dirname, "../bin/sails-supervisor");

export class Sails implements Installation {
  readonly caption = "sails-supervisor, RestartSec=1";
  // The open breaker of a unit that was killed too often tries again after five minutes.
  readonly patienceMs = 360_000;
  readonly place: Place;
  readonly configFile: string;
  readonly #variables: Variables;
  readonly #signal: AbortSignal;
  #webUrl = "";
  #daemon: Restarter | undefined;

  private constructor(place: Place, variables: Variables, signal: AbortSignal) {
    this.place = place;
    this.#variables = variables;
    this.configFile = join(place.directory, "config.yaml");
    this.#signal = signal;
  }

  /** @param variables further environment of Prefect's processes */
  static async make(
    options: PlaceOptions,
    signal: AbortSignal,
    variables: Variables = {},
  ): Promise<Sails> {
    return new Sails(await Place.make(options), variables, signal);
  }

  get apiUrl(): string {
    return this.place.apiUrl;
  }

  get log(): string {
    return join(this.place.directory, "supervisor.log");
  }

  async start(): Promise<void> {
    const listen = `127.0.0.1:${await findFreePort()}`;
    this.#webUrl = `http://${listen}`;
    await writeFile(this.configFile, stringify(this.#configuration(listen)));
    this.launch();
    await this.until(({ ready }) => ready);
  }

  launch(): void {
    const { PATH = "", HOME = "" } = process.env;
    this.#daemon = new Restarter({
      name: "sails-supervisor",
      command: [program, "run", "--config", this.configFile],
      env: { PATH, HOME, TMPDIR: this.place.temporary },
      directory: this.place.directory,
      log: this.log,
      restartMs: 1_000,
      killMode: "process",
      mayStart: async () => undefined,
    });
  }

  supervisorPid(): number | undefined {
    return this.#daemon?.pid;
  }

  /** A command of the program, as an operator gives it; throws where it fails. */
  async order(...args: readonly string[]): Promise<void> {
    const { PATH = "", HOME = "" } = process.env;
    const options = { env: { PATH, HOME }, signal: this.#signal };
    await complete(program, [...args, "--config", this.configFile], options);
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop("SIGTERM", 120_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.stop("SIGKILL", 0);
    await this.place[Symbol.asyncDispose]();
  }

  /** Throws while the daemon is away. */
  async status(): Promise<Status> {
    const response = await fetch(`${this.#webUrl}/api/v1/status`, { signal: this.#signal });
    return (await response.json()) as Status;
  }

  /** Looks ten times a second: a daemon that is killed meanwhile has no events to wait for. */
  async until(holds: (status: Status) => boolean): Promise<Status> {
    for (;;) {
      const status = await this.status().catch(() => undefined);
      if (status !== undefined && holds(status)) return status;
      await sleep(100, undefined, { signal: this.#signal });
    }
  }

  #configuration(listen: string): object {
    const { place } = this;
    return {
      state_dir: join(place.directory, "state"),
      web: { listen },
      prefect: { home: place.home, env: this.#variables },
      environment: { path: place.environment },
      server: { port: place.serverPort },
      pools: place.pools.map(({ name, limit }) => ({
        name,
        ...(limit === null ? {} : { concurrency_limit: limit }),
      })),
      deployments: place.hasDeployments ? [{ prefect_yaml: place.prefectYaml }] : [],
    };
  }
}
