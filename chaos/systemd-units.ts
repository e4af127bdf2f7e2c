/**
 * The incumbent under a real systemd, in a container: `prefect-server.service` and
 * `prefect-worker@.service`, as well written as such units can be.
 */
import { join } from "node:path";
import { SystemdContainer } from "../test/support/systemd/container.ts";
import type { Installation } from "./installation.ts";
import { Place, type PlaceOptions } from "./place.ts";
import { Prefect } from "./prefect.ts";
import { prefectVariables, serverCommand, workerCommand } from "./prefect-variables.ts";
import type { KillMode } from "./restarter.ts";

const firstHealthPort = 4301;
const waiting = "/etc/prefect/wait-for-server";

export class SystemdUnits implements Installation {
  readonly caption: string;
  readonly patienceMs = 60_000;
  readonly place: Place;
  readonly apiUrl: string;
  readonly #container: SystemdContainer;
  readonly #killMode: KillMode;
  readonly #prefect: Prefect;

  private constructor(
    container: SystemdContainer,
    place: Place,
    url: string,
    killMode: KillMode,
    signal: AbortSignal,
  ) {
    this.#container = container;
    this.place = place;
    this.#killMode = killMode;
    this.apiUrl = `${url}/api`;
    this.#prefect = new Prefect(this.apiUrl, signal);
    this.caption = `unit files under a real systemd, workers with RestartSec=5 and KillMode=${killMode}`;
  }

  static async make(
    options: PlaceOptions,
    killMode: KillMode,
    signal: AbortSignal,
  ): Promise<SystemdUnits> {
    const container = await SystemdContainer.boot();
    // Commands in it cannot be aborted: they end with it.
    signal.addEventListener("abort", () => void container[Symbol.asyncDispose]());
    try {
      const place = await Place.make(options, container.path("/"));
      const url = await container.forward(place.serverPort);
      return new SystemdUnits(container, place, url, killMode, signal);
    } catch (error) {
      await container[Symbol.asyncDispose]();
      throw error;
    }
  }

  async start(): Promise<void> {
    const { pools, project, environment } = this.place;
    await this.#writeUnits();
    await this.#container.ask(["systemctl", "daemon-reload"]);
    await this.#container.ask(["systemctl", "start", "prefect-server.service"]);
    await this.#prefect.healthy();
    for (const { name, limit, template } of pools) {
      await this.#prefect.createPool(name, limit, template);
    }
    const deploy = `cd ${project} && exec ${join(environment, "bin/prefect")} --no-prompt deploy --all`;
    await this.#container.ask(["sh", "-c", deploy], { env: prefectVariables(this.place) });
    await this.#container.ask(["systemctl", "start", ...this.#workers()]);
  }

  supervisorPid(): undefined {
    return undefined;
  }

  async stop(): Promise<void> {
    await this.#container.ask(["systemctl", "stop", ...this.#workers()]);
    await this.#container.ask(["systemctl", "stop", "prefect-server.service"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#container[Symbol.asyncDispose]();
  }

  #workers(): readonly string[] {
    return this.place.pools.map(({ name }) => `prefect-worker@${name}.service`);
  }

  async #writeUnits(): Promise<void> {
    const { place } = this;
    const folder = "/etc/systemd/system";
    await this.#container.write(waiting, waitingScript(place.apiUrl), 0o755);
    const variables = Object.entries(prefectVariables(place)).map(
      ([name, value]) => `Environment=${name}=${value}`,
    );
    await this.#container.write(
      `${folder}/prefect-server.service`,
      [
        "[Unit]",
        "StartLimitIntervalSec=0",
        "[Service]",
        "Type=exec",
        ...variables,
        `ExecStart=${serverCommand(place).join(" ")}`,
        `ExecStartPost=${waiting}`,
        "TimeoutStartSec=infinity",
        "Restart=always",
        "RestartSec=1",
        "KillMode=mixed",
        "OOMPolicy=continue",
        "",
      ].join("\n"),
    );
    await this.#container.write(
      `${folder}/prefect-worker@.service`,
      [
        "[Unit]",
        "After=prefect-server.service",
        "Wants=prefect-server.service",
        "StartLimitIntervalSec=0",
        "[Service]",
        "Type=exec",
        ...variables,
        "EnvironmentFile=/etc/prefect/%i.env",
        `ExecStartPre=${waiting}`,
        `ExecStart=${workerCommand(place, "%i", "%H-%i").join(" ")}`,
        "TimeoutStartSec=infinity",
        "TimeoutStopSec=infinity",
        "Restart=always",
        "RestartSec=5",
        `KillMode=${this.#killMode}`,
        "OOMPolicy=continue",
        "",
      ].join("\n"),
    );
    for (const [index, { name }] of place.pools.entries()) {
      await this.#container.write(
        `/etc/prefect/${name}.env`,
        [
          "PREFECT_WORKER_WEBSERVER_HOST=127.0.0.1",
          `PREFECT_WORKER_WEBSERVER_PORT=${firstHealthPort + index}`,
          "",
        ].join("\n"),
      );
    }
  }
}

/** Ends when the server answers, and as a failure when it is the server's own and that has died. */
const waitingScript = (apiUrl: string): string => `#!/usr/bin/python3
import os, sys, time, urllib.request
server = os.environ.get("MAINPID")
while True:
    try:
        urllib.request.urlopen("${apiUrl}/health", timeout=2)
        break
    except OSError:
        if server and not os.path.exists(f"/proc/{server}"):
            sys.exit(1)
        time.sleep(1)
`;
