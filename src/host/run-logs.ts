/**
 * The output files of flow runs, where there is no journald: each is bounded while its run lives, and
 * of the others the newest stay.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunRecord } from "../prefect/ports.ts";
import type { RotationLimits } from "./copy-truncate.ts";
import { errnoOf, messageOf } from "./errno.ts";
import { OutputRotation } from "./output-rotation.ts";
import { isSameProcess } from "./run-record.ts";

export interface RunLogsDeps {
  readonly directory: string;
  readonly limits?: RotationLimits;
  /** How many runs keep their output after their end. */
  readonly keepRuns?: number;
  /** What went wrong, as a sentence. */
  readonly report: (trouble: string) => void;
}

const usualLimits: RotationLimits = { maxBytes: 8 * 1024 * 1024, keep: 1 };
const usualKeepRuns = 500;

export class RunLogs implements Disposable {
  readonly #directory: string;
  readonly #keepRuns: number;
  readonly #report: (trouble: string) => void;
  readonly #rotation: OutputRotation;
  readonly #live = new Set<RunRecord>();
  #pruning: Promise<void> = Promise.resolve();

  constructor({ directory, limits = usualLimits, keepRuns, report }: RunLogsDeps) {
    this.#directory = directory;
    this.#keepRuns = keepRuns ?? usualKeepRuns;
    this.#report = report;
    this.#rotation = new OutputRotation({ limits, report });
  }

  /** For as long as its process lives. One that prints elsewhere has no file. */
  follow(run: RunRecord): void {
    if (run.output === undefined || dirname(run.output) !== this.#directory) return;
    this.#live.add(run);
    this.#rotation.follow({ path: run.output, rotated: () => undefined });
  }

  /** Its process has gone. Resolves when its file has its measure, and one that is too old is removed. */
  async unfollow(run: RunRecord): Promise<void> {
    for (const live of this.#live) if (isSameProcess(live, run)) this.#live.delete(live);
    if (run.output !== undefined && !this.#isLive(run.output)) {
      await this.#rotation.unfollow(run.output);
    }
    await this.prune();
  }

  /** Removes the output of the runs that ended first, until few enough are left. */
  async prune(): Promise<void> {
    this.#pruning = this.#pruning.then(() => this.#prune());
    await this.#pruning;
  }

  [Symbol.dispose](): void {
    this.#rotation[Symbol.dispose]();
  }

  #isLive(path: string): boolean {
    return [...this.#live].some(({ output }) => output === path);
  }

  async #prune(): Promise<void> {
    try {
      const names = (await readdir(this.#directory)).filter((name) => runOf(name) !== undefined);
      const runs = [...Map.groupBy(names, runOf).values()].filter(
        (files) => !files.some((name) => this.#isLive(join(this.#directory, name))),
      );
      if (runs.length <= this.#keepRuns) return;
      const dated = await Promise.all(
        runs.map(async (files) => ({ files, changed: await this.#changed(files) })),
      );
      const old = dated.toSorted((a, b) => b.changed - a.changed).slice(this.#keepRuns);
      for (const { files } of old) {
        for (const name of files) await rm(join(this.#directory, name), { force: true });
      }
    } catch (error) {
      const code = errnoOf(error);
      if (code === undefined) throw error;
      if (code === "ENOENT") return;
      this.#report(`the output of old flow runs cannot be removed: ${messageOf(error)}`);
    }
  }

  /** When something was last written into any of them. */
  async #changed(files: readonly string[]): Promise<number> {
    const stats = await Promise.all(files.map((name) => stat(join(this.#directory, name))));
    return Math.max(...stats.map(({ mtimeMs }) => mtimeMs));
  }
}

/** `ID.log`, and what was set aside of it. */
const runOf = (name: string): string | undefined => /^(.+)\.log(?:\.\d+|\.new)?$/.exec(name)?.[1];
