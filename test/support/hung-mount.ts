/** A mount whose other side can be made to hang: see hung-mount.py. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Why there can be none on this machine; undefined if there can. */
export function whyNoMounts(): string | undefined {
  if (process.getuid?.() !== 0) return "only root may mount";
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return "there is no /dev/fuse";
  }
}

export class HungMount implements AsyncDisposable {
  readonly path: string;
  readonly #process: ChildProcess;
  /** Whose mounts it is among; undefined: ours. */
  readonly #leader: number | undefined;
  #said = "";
  #isGone = false;

  private constructor(path: string, leader: number | undefined) {
    const program = join(import.meta.dirname, "hung-mount.py");
    const words = [program, path, ...(leader === undefined ? [] : [String(leader)])];
    this.path = path;
    this.#leader = leader;
    this.#process = spawn("/usr/bin/python3", ["-IS", ...words], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process.stdout?.on("data", (data: Buffer) => (this.#said += data.toString()));
  }

  /** Gone when the test is over. */
  static async make(): Promise<HungMount> {
    const path = await mkdtemp(join(tmpdir(), "sails-mount-"));
    onTestFinished(() => rmdir(path));
    return HungMount.#at(path, undefined);
  }

  /** Hides what lies in the folder, which must be there when this is disposed. */
  static over(path: string): Promise<HungMount> {
    return HungMount.#at(path, undefined);
  }

  /** @param leader the first process of a container, in which the folder is */
  static within(leader: number, path: string): Promise<HungMount> {
    return HungMount.#at(path, leader);
  }

  static async #at(path: string, leader: number | undefined): Promise<HungMount> {
    const mount = new HungMount(path, leader);
    onTestFinished(() => mount.goAway().catch(() => undefined));
    await mount.#says("mounted");
    return mount;
  }

  async hang(): Promise<void> {
    this.#process.kill("SIGUSR1");
    await this.#says("hangs");
  }

  /** What hung in it comes back with an error; the folder is an empty one again. */
  async goAway(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill("SIGKILL");
      await once(this.#process, "exit");
    }
    // Its processes too: umount reads of /proc/self.
    const there =
      this.#leader === undefined ? [] : ["--target", String(this.#leader), "--mount", "--pid"];
    if (!this.#isGone) {
      execFileSync("nsenter", [...there, "umount", "-l", this.path], { stdio: "ignore" });
    }
    this.#isGone = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.goAway();
  }

  /** Resolves when somebody waits for an answer that never comes. */
  asked(): Promise<void> {
    return this.#says("asked");
  }

  async #says(word: string): Promise<void> {
    while (!this.#said.includes(word)) {
      if (this.#process.exitCode !== null) throw new Error(`ended before it said ${word}`);
      await Promise.race([
        once(this.#process.stdout ?? this.#process, "data"),
        once(this.#process, "exit"),
      ]);
    }
  }
}
