/**
 * A machine of its own with a real systemd, as a container: its own processes, file system, journal
 * and loopback, and a new boot id at each boot. What it writes is gone with it; the machine that the
 * tests run on is not touched. It boots in half a second.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ran } from "../daemon-process.ts";
import { Forward } from "./forward.ts";
import { bindings, cgroupsOfContainer, containerTree } from "./machine.ts";

/** The ordinary user of the container. */
export const user = "sails";

export interface Entry {
  readonly message: string;
  readonly identifier: string;
  readonly priority: number;
  readonly pid: number;
  readonly unit: string | undefined;
  /** Every field of it, by journald's names; one that is no text, as its bytes. */
  readonly fields: Readonly<Record<string, string | readonly number[]>>;
}

export interface RunOptions {
  readonly as?: "root" | typeof user;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Where nothing tells of a change, it is looked for this often. */
const lookEveryMs = 20;
const bootWithinMs = 30_000;
/** SIGRTMIN+4: systemd(1). */
const powerOffSignal = 38;

export class SystemdContainer implements AsyncDisposable {
  readonly #layer: string;
  readonly #name = randomUUID().slice(0, 8);
  readonly #forwards: Forward[] = [];
  /** All that entered it from outside, and those of them that go on. */
  readonly #entered = new Set<ChildProcess>();
  readonly #spawned = new Set<ChildProcess>();
  #keeper: ChildProcess | undefined;
  #leader: number | undefined;

  private constructor(layer: string) {
    this.#layer = layer;
  }

  static async boot(): Promise<SystemdContainer> {
    const layer = await mkdtemp(join(tmpdir(), "sails-container-"));
    const container = new SystemdContainer(layer);
    try {
      await container.start();
      return container;
    } catch (error) {
      await container[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The container's first process, as this machine sees it. */
  get leader(): number {
    if (this.#leader === undefined) throw new Error("the container does not run");
    return this.#leader;
  }

  /** A file of the container's as this machine reaches it; an absolute link in it leads astray. */
  path(inside: string): string {
    return join(`/proc/${this.leader}/root`, inside);
  }

  /** Again after `powerOff`: what was written is still there, what ran is not. */
  async start(): Promise<void> {
    this.#keeper = spawn("unshare", this.#command(), { stdio: ["pipe", "ignore", "ignore"] });
    await this.#booted(this.#keeper);
  }

  #command(): readonly string[] {
    const cgroups = cgroupsOfContainer(this.#name).join(" ");
    const keeper = join(import.meta.dirname, "keep-container.sh");
    const binds = bindings().map((folder) => `--bind-ro=${folder}`);
    const namespace = ["--mount", "--propagation", "private"];
    return [...namespace, keeper, containerTree, this.#layer, cgroups, ...binds];
  }

  async #booted(keeper: ChildProcess): Promise<void> {
    const deadline = AbortSignal.timeout(bootWithinMs);
    while (!deadline.aborted && keeper.exitCode === null) {
      this.#leader = findLeader(keeper.pid);
      if (this.#leader !== undefined) {
        // `degraded`: a unit of the distribution's own does not fit into a container.
        const { stdout } = await this.run(["systemctl", "is-system-running", "--wait"]);
        if (/^(running|degraded)$/m.test(stdout)) return;
      }
      await sleep(lookEveryMs);
    }
    const console = await readFile(join(this.#layer, "console"), "utf8").catch(() => "");
    throw new Error(`the container did not boot:\n${console}`);
  }

  async reboot(): Promise<void> {
    await this.powerOff();
    await this.start();
  }

  /** In order: systemd stops its units. What was spawned has ended before. */
  async powerOff(): Promise<void> {
    // For what is not its child systemd waits, before the end, without being told that it has gone.
    // What nsenter started is nsenter's: killed with it, it would be left to this machine's init.
    const left = [...this.#spawned].flatMap((child) => childrenOf(child.pid));
    for (const pid of left) process.kill(pid, "SIGKILL");
    while (this.#entered.size > 0) await sleep(lookEveryMs);
    process.kill(this.leader, powerOffSignal);
    await this.#ended();
  }

  /** As if the plug had been pulled. */
  async crash(): Promise<void> {
    this.#keeper?.stdin?.end();
    await this.#ended();
  }

  async #ended(): Promise<void> {
    await Promise.all(this.#forwards.splice(0).map((forward) => forward[Symbol.asyncDispose]()));
    const keeper = this.#keeper;
    if (keeper?.exitCode === null && keeper.signalCode === null) await once(keeper, "exit");
    this.#keeper = undefined;
    this.#leader = undefined;
  }

  /** A command in it, to its end. It sees nothing of our environment. */
  run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const args = [...this.#entering(options), ...command];
    return new Promise((done) => {
      const maxBuffer = 64 * 1024 * 1024;
      const child = execFile("nsenter", args, { maxBuffer }, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        done({ status, stdout, stderr });
      });
      this.#remember(child);
      child.stdin?.end(options.input);
    });
  }

  /** The same; throws unless it succeeds. */
  async ask(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.run(command, options);
    if (status === 0) return stdout.trim();
    throw new Error(`${command.join(" ")} ended with status ${status}: ${stderr}${stdout}`);
  }

  /** One that goes on, with its three streams as pipes. Ends with the container. */
  spawn(command: readonly string[], options: RunOptions = {}): ChildProcess {
    const child = spawn("nsenter", [...this.#entering(options), ...command]);
    this.#spawned.add(child);
    child.once("exit", () => this.#spawned.delete(child));
    return this.#remember(child);
  }

  #remember(child: ChildProcess): ChildProcess {
    this.#entered.add(child);
    return child.once("exit", () => this.#entered.delete(child));
  }

  #entering({ as = "root", env = {} }: RunOptions): readonly string[] {
    const home = as === "root" ? "/root" : `/home/${as}`;
    const variables = Object.entries({ PATH: path, HOME: home, LANG: "C.UTF-8", ...env });
    return [
      ...["--target", String(this.leader), "--all", `--wd=${this.path("/")}`],
      ...["env", "-i", ...variables.map(([name, value]) => `${name}=${value}`)],
      ...(as === "root" ? [] : ["setpriv", `--reuid=${as}`, `--regid=${as}`, "--init-groups"]),
    ];
  }

  async write(inside: string, text: string, mode = 0o644): Promise<void> {
    const file = this.path(inside);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
  }

  /** Resolves with the first answer that is one. */
  async until<T>(what: string, look: () => Promise<T | undefined>, withinMs = 30_000): Promise<T> {
    const deadline = AbortSignal.timeout(withinMs);
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (deadline.aborted) throw new Error(`not within ${withinMs} ms: ${what}`);
      await sleep(lookEveryMs);
    }
  }

  /** By journalctl's own words: `-u`, `NAME`, `-b`. */
  async journal(...words: readonly string[]): Promise<readonly Entry[]> {
    const text = await this.ask(["journalctl", "--quiet", "--all", "-o", "json", ...words]);
    return text.split("\n").filter(Boolean).map(readEntry);
  }

  /** `http://127.0.0.1:N` on this machine, which leads to a port of the container's loopback. */
  async forward(port: number): Promise<string> {
    const forward = await Forward.open(this.leader, port);
    this.#forwards.push(forward);
    return forward.url;
  }

  /** One `systemctl show` property of a unit. */
  show(unit: string, property: string): Promise<string> {
    return this.ask(["systemctl", "show", "--property", property, "--value", unit]);
  }

  /** Processes in a unit's cgroup and below it, by their pids in the container. */
  async processesOf(unit: string): Promise<readonly number[]> {
    const group = await this.show(unit, "ControlGroup");
    if (group === "") return [];
    const list = 'for f in /proc/[0-9]*; do grep -q "$1" "$f/cgroup" && echo "${f##*/}"; done; :';
    const inside = `:${group}\\(/.*\\)\\?$`;
    const found = await this.ask(["sh", "-c", `${list} 2>/dev/null`, "sh", inside]);
    return found.split("\n").filter(Boolean).map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    await rm(this.#layer, { recursive: true, force: true });
  }
}

/** Started by nspawn, which the keeper started: the first process of a namespace of its own. */
function findLeader(keeper: number | undefined): number | undefined {
  return childrenOf(keeper)
    .flatMap(childrenOf)
    .find((pid) => {
      const status = readProc(pid, "status");
      return /^Name:\s+systemd$/m.test(status) && /^NSpid:\s+\d+\s+1$/m.test(status);
    });
}

const childrenOf = (pid: number | undefined): readonly number[] =>
  pid === undefined
    ? []
    : readProc(pid, `task/${pid}/children`).split(" ").filter(Boolean).map(Number);

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function readEntry(line: string): Entry {
  const fields = JSON.parse(line) as Entry["fields"];
  const text = (name: string): string => {
    const value = fields[name] ?? "";
    return typeof value === "string" ? value : Buffer.from(value).toString();
  };
  return {
    message: text("MESSAGE"),
    identifier: text("SYSLOG_IDENTIFIER"),
    priority: Number(text("PRIORITY")),
    pid: Number(text("_PID")),
    unit: fields["_SYSTEMD_UNIT"] === undefined ? undefined : text("_SYSTEMD_UNIT"),
    fields,
  };
}
