/** The real program, started as a user would, and watched from outside. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { stringify } from "yaml";
import type { Status, UnitStatus } from "../../src/control/status.ts";
import { findFreePort } from "../../src/host/free-port.ts";
import { findByEnvironment } from "../../src/host/processes.ts";
import { signalProcess } from "../../src/host/signals.ts";

const program = resolve("bin/sails-supervisor");

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Readonly<Record<string, string>>;

/** A folder of its own for each test, with a configuration and free ports; gone after it. */
export class Workplace implements AsyncDisposable {
  readonly directory: string;
  readonly configFile: string;
  readonly webUrl: string;
  readonly serverPort: number;
  readonly #web: string;
  readonly #daemons: DaemonProcess[] = [];

  private constructor(directory: string, port: number, serverPort: number) {
    this.directory = directory;
    this.serverPort = serverPort;
    this.configFile = join(directory, "config.yaml");
    this.#web = `127.0.0.1:${port}`;
    this.webUrl = `http://${this.#web}`;
  }

  /** The address of a Prefect server of this place. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.serverPort}/api`;
  }

  static async make(config: Readonly<Record<string, unknown>>): Promise<Workplace> {
    const directory = await mkdtemp(join(tmpdir(), "sails-test-"));
    const [port, serverPort] = await Promise.all([findFreePort(), findFreePort()]);
    const place = new Workplace(directory, port, serverPort);
    await place.configure(config);
    // A test that times out never leaves its scope.
    onTestFinished(() => place[Symbol.asyncDispose]());
    return place;
  }

  get stateDir(): string {
    return join(this.directory, "state");
  }

  async configure(config: Readonly<Record<string, unknown>>): Promise<void> {
    const common = { state_dir: this.stateDir, web: { listen: this.#web } };
    await writeFile(this.configFile, stringify({ ...common, ...config }));
  }

  start(environment: Environment = {}): DaemonProcess {
    const daemon = new DaemonProcess(this, environment);
    this.#daemons.push(daemon);
    return daemon;
  }

  /** A command of the program, for the daemon of this place. */
  run(...args: readonly string[]): Promise<Ran> {
    return new Promise((done) => {
      const all = [...args, "--config", this.configFile];
      execFile(program, all, { env: plainEnvironment() }, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        done({ status, stdout, stderr });
      });
    });
  }

  /** What a daemon that was killed has left running. */
  async #endOrphans(): Promise<void> {
    const id = await readFile(join(this.stateDir, "supervisor-id"), "utf8").catch(() => "");
    if (id === "") return;
    const orphans = findByEnvironment("SAILS_SUPERVISOR_ID", id.trim());
    for (const { pid } of orphans) signalProcess(pid, "SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#daemons.map((daemon) => daemon.end("SIGTERM")));
    await this.#endOrphans();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Nothing of whoever runs the tests may steer the program. */
function plainEnvironment(more: Environment = {}): Record<string, string> {
  const { PATH = "", HOME = "" } = process.env;
  return { PATH, HOME, ...more };
}

export class DaemonProcess {
  readonly #place: Workplace;
  readonly #child: ChildProcess;
  #output = "";

  constructor(place: Workplace, environment: Environment) {
    this.#place = place;
    const args = ["run", "--config", place.configFile];
    this.#child = spawn(program, args, {
      env: plainEnvironment(environment),
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    }
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the daemon could not be started");
    return this.#child.pid;
  }

  /** All that it has said so far. */
  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async ended(): Promise<number | NodeJS.Signals> {
    if (!this.hasEnded) await once(this.#child, "exit");
    return this.#child.exitCode ?? this.#child.signalCode ?? -1;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    if (!this.hasEnded) this.signal(signal);
    return this.ended();
  }

  /** Resolves when the words have been said. */
  async says(words: string | RegExp): Promise<void> {
    const isSaid = () =>
      typeof words === "string" ? this.#output.includes(words) : words.test(this.#output);
    while (!isSaid()) {
      if (this.hasEnded) throw new Error(`ended without saying ${String(words)}:\n${this.#output}`);
      using waiting = disposableAbort();
      const { signal } = waiting.controller;
      await Promise.race([
        once(this.#child.stdout ?? this.#child, "data", { signal }),
        once(this.#child, "exit", { signal }),
      ]);
    }
  }

  async status(): Promise<Status> {
    const response = await fetch(`${this.#place.webUrl}/api/v1/status`);
    return (await response.json()) as Status;
  }

  async unit(name: string): Promise<UnitStatus> {
    const { units } = await this.status();
    const unit = units.find((each) => each.name === name);
    if (unit === undefined) throw new Error(`no unit ${name}`);
    return unit;
  }

  /** Resolves with the status in which it holds, looked at after each change of a unit. */
  async until(holds: (status: Status) => boolean): Promise<Status> {
    await this.listens();
    using listening = disposableAbort();
    const { signal } = listening.controller;
    const response = await fetch(`${this.#place.webUrl}/api/v1/events`, { signal });
    const changes = response.body?.values();
    if (changes === undefined) throw new Error("there are no events");
    for (;;) {
      const status = await this.status();
      if (holds(status)) return status;
      await changes.next();
    }
  }

  untilUnit(name: string, holds: (unit: UnitStatus) => boolean): Promise<UnitStatus> {
    const find = ({ units }: Status) => units.find((unit) => unit.name === name && holds(unit));
    return this.until((status) => find(status) !== undefined).then((status) => {
      const unit = find(status);
      if (unit === undefined) throw new Error(`no unit ${name}`);
      return unit;
    });
  }

  untilReady(): Promise<Status> {
    return this.until(({ ready }) => ready);
  }

  /** Resolves when its page answers. */
  async listens(): Promise<void> {
    for (;;) {
      if (this.hasEnded) throw new Error(`the daemon has ended:\n${this.#output}`);
      try {
        await fetch(`${this.#place.webUrl}/livez`);
        return;
      } catch {
        // Nothing to wait for tells of a port that opens.
        await new Promise((done) => setTimeout(done, 20));
      }
    }
  }
}

function disposableAbort(): Disposable & { readonly controller: AbortController } {
  const controller = new AbortController();
  return { controller, [Symbol.dispose]: () => controller.abort() };
}

/** Processes that bear a mark which the test has put into the environment of a service. */
export const marked = (value: string): readonly number[] =>
  findByEnvironment("SAILS_TEST_MARK", value).map(({ pid }) => pid);

/** Throws where there is no process: 0 would be our own group. */
export function kill(pid: number | null | undefined): void {
  if (pid === null || pid === undefined || pid <= 1) throw new Error("there is nothing to kill");
  process.kill(pid, "SIGKILL");
}

/** Resolves when the process is no more. */
export async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((done) => setTimeout(done, 5));
  }
}
