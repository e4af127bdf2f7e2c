/** All jobs of the configuration in force. */
import type { Job } from "./job.ts";
import { JobRunner, type JobRunnerDeps, type JobView } from "./job-runner.ts";

export type JobOrder = "started" | "running" | "unknown";

export class JobBoard implements AsyncDisposable {
  readonly #deps: JobRunnerDeps;
  #runners: readonly JobRunner[] = [];

  constructor(deps: JobRunnerDeps) {
    this.#deps = deps;
  }

  get views(): readonly JobView[] {
    return this.#runners.map(({ view }) => view);
  }

  /** What has changed or gone is ended; what only has changed is begun again, where it may be. */
  async declare(jobs: readonly Job[]): Promise<void> {
    const kept = this.#runners.filter((runner) => jobs.some((job) => isSame(job, runner.job)));
    const gone = this.#runners.filter((runner) => !kept.includes(runner));
    await Promise.all(gone.map((runner) => runner[Symbol.asyncDispose]()));
    const fresh: JobRunner[] = [];
    this.#runners = jobs.map((job) => {
      const same = kept.find((runner) => isSame(job, runner.job));
      if (same !== undefined) return same;
      const runner = new JobRunner(job, this.#deps);
      fresh.push(runner);
      return runner;
    });
    await Promise.all(fresh.map((runner) => runner.start()));
  }

  order(name: string): JobOrder {
    const runner = this.#runners.find(({ job }) => job.name === name);
    if (runner === undefined) return "unknown";
    return runner.order() ? "started" : "running";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const before = this.#runners;
    await Promise.all(before.map((runner) => runner[Symbol.asyncDispose]()));
  }
}

const isSame = (one: Job, other: Job): boolean =>
  one.name === other.name && one.spec === other.spec;
