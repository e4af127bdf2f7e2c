/**
 * The incumbent: `prefect-server.service` and `prefect-worker@.service`, as well written as such units
 * can be, emulated: their ExecStartPre, Restart=, RestartSec= and KillMode= without a systemd.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { complete } from "../bench/complete.ts";
import { findFreePort } from "../src/host/free-port.ts";
import type { Installation } from "./installation.ts";
import type { Place } from "./place.ts";
import { Prefect } from "./prefect.ts";
import { type KillMode, Restarter } from "./restarter.ts";

type Variables = Readonly<Record<string, string>>;

export class Units implements Installation {
  readonly caption: string;
  readonly patienceMs = 60_000;
  readonly #place: Place;
  readonly #killMode: KillMode;
  readonly #workerVariables: Variables;
  readonly #signal: AbortSignal;
  readonly #prefect: Prefect;
  #server: Restarter | undefined;
  #workers: readonly Restarter[] = [];

  constructor(
    place: Place,
    killMode: KillMode,
    signal: AbortSignal,
    workerVariables: Variables = {},
  ) {
    this.#place = place;
    this.#killMode = killMode;
    this.#workerVariables = workerVariables;
    this.#signal = signal;
    this.#prefect = new Prefect(place.apiUrl, signal);
    this.caption = `unit files, workers with RestartSec=5 and KillMode=${killMode}, emulated by this program without a systemd`;
  }

  async start(): Promise<void> {
    const { pools, project, environment } = this.#place;
    this.#server = this.#serverUnit();
    await this.#prefect.healthy();
    for (const { name, limit, template } of pools) {
      await this.#prefect.createPool(name, limit, template);
    }
    const options = { cwd: project, env: this.#environment(), signal: this.#signal };
    await complete(join(environment, "bin/prefect"), ["--no-prompt", "deploy", "--all"], options);
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
  }

  #serverUnit(): Restarter {
    const { serverPort, directory, environment } = this.#place;
    return new Restarter({
      name: "prefect-server.service",
      command: [
        join(environment, "bin/prefect"),
        ...["server", "start", "--host", "127.0.0.1", "--port", String(serverPort)],
      ],
      env: this.#environment(),
      directory,
      log: join(directory, "server.log"),
      restartMs: 1_000,
      killMode: "mixed",
      mayStart: async () => undefined,
    });
  }

  async #workerUnit(pool: string): Promise<Restarter> {
    const { directory, environment } = this.#place;
    return new Restarter({
      name: `prefect-worker@${pool}.service`,
      command: [
        join(environment, "bin/prefect"),
        ...["worker", "start", "--pool", pool, "--type", "process"],
        ...["--name", `${hostname()}-${pool}`, "--install-policy", "never", "--with-healthcheck"],
      ],
      env: {
        ...this.#environment(),
        PREFECT_WORKER_WEBSERVER_HOST: "127.0.0.1",
        PREFECT_WORKER_WEBSERVER_PORT: String(await findFreePort()),
        ...this.#workerVariables,
      },
      directory,
      log: join(directory, `worker-${pool}.log`),
      restartMs: 5_000,
      killMode: this.#killMode,
      mayStart: (signal) => this.#serverAnswers(signal),
    });
  }

  /** The loop with curl that such units have in ExecStartPre. */
  async #serverAnswers(signal: AbortSignal): Promise<void> {
    while (!(await this.#prefect.isHealthy())) await sleep(1_000, undefined, { signal });
  }

  #environment(): Variables {
    const { PATH = "", HOME = "" } = process.env;
    return {
      PATH,
      HOME,
      TMPDIR: this.#place.temporary,
      PREFECT_HOME: this.#place.home,
      PREFECT_API_URL: this.#place.apiUrl,
      PREFECT_SERVER_EPHEMERAL_ENABLED: "false",
      PREFECT_SERVER_ANALYTICS_ENABLED: "false",
      DO_NOT_TRACK: "1",
      PYTHONUNBUFFERED: "1",
    };
  }
}
