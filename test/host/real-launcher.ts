/** A real launcher with its output in a folder of its own, and what it started ended with it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, vi } from "vitest";
import { CgroupTree } from "../../src/host/cgroup-tree.ts";
import { Escapees } from "../../src/host/escapees.ts";
import { type LivingChild, ProcessLauncher } from "../../src/host/launcher.ts";
import { Lifelines } from "../../src/host/lifelines.ts";
import { Lookout } from "../../src/host/lookout.ts";
import { OutputFolder } from "../../src/host/output-folder.ts";
import { OutputRotation } from "../../src/host/output-rotation.ts";
import { identify, isThere, type ProcessIdentity, readStat } from "../../src/host/processes.ts";
import { signalProcess } from "../../src/host/signals.ts";
import type { Child, ProcessSpec } from "../../src/supervision/ports.ts";

export const fixture = (name: string): string => resolve("test/fixtures", name);

export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "sails-host-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export class RealLauncher implements AsyncDisposable {
  readonly folder = new TemporaryFolder();
  readonly troubles: string[] = [];
  readonly escapees = new Escapees((trouble) => this.troubles.push(trouble));
  readonly lookout = new Lookout({ oftenMs: 20, seldomMs: 200 });
  readonly lifelines: Lifelines;
  readonly lived: LivingChild[] = [];
  readonly rotation = new OutputRotation({ report: (trouble) => this.troubles.push(trouble) });
  readonly #output = new OutputFolder(this.folder.path, this.rotation);
  readonly #launcher: ProcessLauncher;
  readonly #children: Child[] = [];
  readonly #others: ProcessIdentity[] = [];

  constructor(cgroupRoot?: string) {
    const report = (trouble: string): void => void this.troubles.push(trouble);
    const tree = cgroupRoot === undefined ? undefined : new CgroupTree(cgroupRoot, report);
    const lifelines = join(this.folder.path, "lifelines");
    mkdirSync(lifelines);
    this.lifelines = new Lifelines(lifelines, report);
    this.#launcher = new ProcessLauncher({
      outputOf: (unit) => this.#output.of(unit),
      escapees: this.escapees,
      cgroupOf: tree && ((unit) => tree.unit(unit)),
      lifelines: this.lifelines,
      register: {
        lives: (_unit, child) => void this.lived.push(child),
        ended: () => undefined,
      },
    });
  }

  /** As a daemon does that has not started it. */
  adopt(found: LivingChild, unit = "unit", lookout = this.lookout): Child {
    const child = this.#launcher.adopt(unit, found, lookout);
    this.#children.push(child);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill();
    for (const other of this.#others) if (isThere(other)) signalProcess(other.pid, "SIGKILL");
    await Promise.all(this.#children.map(({ ended }) => ended));
    await this.escapees.settled();
    this.rotation[Symbol.dispose]();
    this.lookout[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }

  launch(command: ProcessSpec["command"], more: Partial<ProcessSpec> = {}, unit = "unit"): Child {
    const child = this.#launcher.launch(unit, {
      command,
      env: { PATH: "/usr/bin:/bin" },
      directory: this.folder.path,
      killMode: "control-group",
      ...more,
    });
    this.#children.push(child);
    return child;
  }

  output(unit = "unit"): string {
    return readFileSync(join(this.folder.path, `${unit}.log`), "latin1");
  }

  /** The handshake: until the output of the unit says so. Returns what the groups matched. */
  async said(pattern: RegExp, unit = "unit"): Promise<RegExpExecArray> {
    return await vi.waitFor(() => expectMatch(pattern, this.output(unit)), patience);
  }

  /** Of a process that says `WORD PID`; it is ended with all the rest. */
  async saidPid(word: string, unit = "unit"): Promise<ProcessIdentity> {
    const [, pid] = await this.said(new RegExp(`^${word} (\\d+)$`, "m"), unit);
    const identity = identify(Number(pid));
    if (identity === undefined) throw new Error(`${word} ${pid} has gone`);
    this.#others.push(identity);
    return identity;
  }
}

export const patience = { timeout: 20_000, interval: 5 };

/** Dead, though whoever adopted it may not have noticed yet. */
export async function gone(pid: number): Promise<void> {
  await vi.waitFor(() => expect(readStat(pid)?.state ?? "Z").toBe("Z"), patience);
}

function expectMatch(pattern: RegExp, text: string): RegExpExecArray {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`${pattern} is not in ${JSON.stringify(text.slice(-500))}`);
  return match;
}
