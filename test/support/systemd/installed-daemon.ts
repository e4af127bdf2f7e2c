/** sails-supervisor in a container as a package would install it: the unit of the project, as it is. */
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { stringify } from "yaml";
import { ask } from "../../../src/control/socket-request.ts";
import type { RunList, RunStatus, Status, UnitStatus } from "../../../src/control/status.ts";
import type { Ran } from "../daemon-process.ts";
import { type Entry, type SystemdContainer, user } from "./container.ts";

export const unit = "sails-supervisor.service";

const unitFile = `/etc/systemd/system/${unit}`;
const dropIns = `${unitFile}.d`;
const configFile = "/etc/sails-supervisor/config.yaml";
const socket = "/run/sails-supervisor/control.sock";

export interface Installation {
  /** The configuration. Its default has neither a server nor anything else. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** More of `[Service]`: `WatchdogSec=2`. */
  readonly service?: readonly string[];
}

export class InstalledDaemon implements AsyncDisposable {
  readonly container: SystemdContainer;
  readonly stateDir = "/var/lib/sails-supervisor";
  readonly #installedAt = Date.now();

  private constructor(container: SystemdContainer) {
    this.container = container;
  }

  /** Not started yet; gone from the container, with its state and its processes, when disposed. */
  static async install(
    container: SystemdContainer,
    { config = {}, service = [] }: Installation = {},
  ): Promise<InstalledDaemon> {
    const daemon = new InstalledDaemon(container);
    await container.ask(["ln", "-sfn", resolve("bin/sails-supervisor"), "/usr/bin"]);
    await container.write(unitFile, await readFile(`systemd/${unit}`, "utf8"));
    await daemon.configure(config);
    await daemon.dropIn("user", [`User=${user}`, ...service]);
    return daemon;
  }

  /** By the package; `dpkg` does no more with it than what is asked for here, nor is it purged when disposed. */
  static async fromPackage(
    container: SystemdContainer,
    file: string,
    { config }: Pick<Installation, "config"> = {},
  ): Promise<InstalledDaemon> {
    const daemon = new InstalledDaemon(container);
    await daemon.dpkg("-i", file);
    if (config !== undefined) await daemon.configure(config);
    return daemon;
  }

  /** Installed by somebody else. */
  static found(container: SystemdContainer): InstalledDaemon {
    return new InstalledDaemon(container);
  }

  /** Returns what it printed; throws unless it succeeds. */
  async dpkg(...words: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.container.run(["dpkg", ...words]);
    if (status !== 0) throw new Error(`dpkg ${words.join(" ")}: ${stdout}${stderr}`);
    return stdout + stderr;
  }

  async configure(config: Readonly<Record<string, unknown>>): Promise<void> {
    await this.container.write(configFile, stringify({ server: { enabled: false }, ...config }));
  }

  async dropIn(name: string, lines: readonly string[]): Promise<void> {
    const section = ["[Service]", ...lines, ""].join("\n");
    await this.container.write(join(dropIns, `${name}.conf`), section);
    await this.container.ask(["systemctl", "daemon-reload"]);
  }

  systemctl(verb: string, ...words: readonly string[]): Promise<Ran> {
    return this.container.run(["systemctl", verb, ...words, unit]);
  }

  /** `start`, `restart`, `reload`, `stop`: throws unless it succeeds. */
  async order(verb: string): Promise<void> {
    await this.container.ask(["systemctl", verb, unit]);
  }

  /** A property of the unit: `SubState`. */
  show(property: string): Promise<string> {
    return this.container.show(unit, property);
  }

  /** By its pid in the container; 0 while there is none. */
  async mainPid(): Promise<number> {
    return Number(await this.show("MainPID"));
  }

  /** A signal to the daemon alone. */
  async signal(name: string): Promise<void> {
    await this.container.ask(["systemctl", "kill", "--kill-whom=main", `--signal=${name}`, unit]);
  }

  /** Resolves with its pid when a daemon that is not `before` has said that it is ready. */
  anotherOne(before: number): Promise<number> {
    return this.container.until("another daemon is ready", async () => {
      const [state, pid] = [await this.show("ActiveState"), await this.mainPid()];
      return state === "active" && pid !== 0 && pid !== before ? pid : undefined;
    });
  }

  /** What its control socket says, without a process in the container. */
  status(): Promise<Status | undefined> {
    return this.#get<Status>("/api/v1/status");
  }

  /** The flow runs with a process in the container. */
  async runs(): Promise<readonly RunStatus[]> {
    return (await this.#get<RunList>("/api/v1/runs"))?.runs ?? [];
  }

  async #get<T>(path: string): Promise<T | undefined> {
    const response = await ask({
      socket: this.container.path(socket),
      method: "GET",
      path,
      timeoutMs: 5_000,
      signal: new AbortController().signal,
    });
    if (response.kind === "failed") return undefined;
    return JSON.parse(await text(response.message)) as T;
  }

  untilStatus(
    what: string,
    holds: (status: Status) => boolean,
    withinMs?: number,
  ): Promise<Status> {
    const look = async (): Promise<Status | undefined> => {
      const status = await this.status();
      return status !== undefined && holds(status) ? status : undefined;
    };
    return this.container.until(what, look, withinMs);
  }

  untilReady(withinMs?: number): Promise<Status> {
    return this.untilStatus("everything is ready", ({ ready }) => ready, withinMs);
  }

  async untilUnit(name: string, holds: (unit: UnitStatus) => boolean): Promise<UnitStatus> {
    const find = ({ units }: Status) => units.find((each) => each.name === name && holds(each));
    const found = find(await this.untilStatus(name, (status) => find(status) !== undefined));
    if (found === undefined) throw new Error(`no unit ${name}`);
    return found;
  }

  /** A command of the program, as the daemon's user. */
  run(...words: readonly string[]): Promise<Ran> {
    return this.container.run(["sails-supervisor", ...words], { as: user });
  }

  /** What the journal has of the unit since it was installed. */
  journal(...words: readonly string[]): Promise<readonly Entry[]> {
    // Not by a cursor: after one that is not of this unit journalctl (252) leaves out the first entry.
    const since = `--since=@${this.#installedAt / 1000}`;
    return this.container.journal("-u", unit, since, ...words);
  }

  /** All that runs in its cgroup, the daemon included. */
  processes(): Promise<readonly number[]> {
    return this.container.processesOf(unit);
  }

  /** What a stop that came too late for the sweep left, is ended when the unit has come to rest. */
  async untilNothingRuns(): Promise<void> {
    await this.container.until("nothing of it runs", async () =>
      (await this.processes()).length === 0 ? true : undefined,
    );
  }

  /** One of ExecStopPost= or the like. */
  async untilControlProcessIs(command: string): Promise<void> {
    await this.container.until(command, async () => {
      const pid = await this.show("ControlPID");
      const { stdout } = await this.container.run(["ps", "-o", "args=", "-p", pid]);
      return stdout.trim() === command ? true : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.systemctl("kill", "--signal=KILL");
    await this.systemctl("stop");
    await this.systemctl("kill", "--signal=KILL");
    const left = [
      unitFile,
      dropIns,
      this.stateDir,
      "/etc/sails-supervisor",
      "/run/sails-supervisor",
    ];
    await Promise.all(
      left.map((path) => rm(this.container.path(path), { recursive: true, force: true })),
    );
    await this.container.run(["systemctl", "daemon-reload"]);
    await this.systemctl("reset-failed");
  }
}
