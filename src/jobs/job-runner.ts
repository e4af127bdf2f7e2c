/** One job: begins it when it is due or ordered, one at a time, and knows what came of it. */
import { formatSpan, type Millis, ms } from "../supervision/time.ts";
import { dutyOf } from "./due.ts";
import {
  type Job,
  type JobOutcome,
  type JobResult,
  nothingRemembered,
  type RememberedJob,
} from "./job.ts";
import type { Calendar, JobMemory, Plan } from "./ports.ts";

export interface JobRunnerDeps {
  readonly calendar: Calendar;
  readonly memory: JobMemory;
  /** Monotonic. */
  readonly now: () => Millis;
  readonly wallClock: () => Date;
  readonly log: (level: "info" | "warn", message: string) => void;
  readonly observe: (name: string, event: JobEvent) => void;
}

export type JobEvent =
  | { readonly kind: "missed" }
  | { readonly kind: "began" }
  | { readonly kind: "ended"; readonly result: JobResult };

export interface JobView {
  readonly name: string;
  readonly times: Job["times"];
  readonly running: { readonly since: Date; readonly step: string | undefined } | undefined;
  readonly last: JobResult | undefined;
  readonly lastSuccess: Date | undefined;
  readonly next: Date | undefined;
}

interface Running {
  readonly since: Date;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  step: string | undefined;
}

export class JobRunner implements AsyncDisposable {
  readonly job: Job;
  readonly #deps: JobRunnerDeps;
  #remembered: RememberedJob;
  #plan: Plan | undefined;
  #running: Running | undefined;
  #isDisposed = false;

  constructor(job: Job, deps: JobRunnerDeps) {
    this.job = job;
    this.#deps = deps;
    this.#remembered = deps.memory.read(job.name) ?? nothingRemembered;
  }

  get view(): JobView {
    const { last, lastSuccess } = this.#remembered;
    const { name, times } = this.job;
    const running = this.#running && { since: this.#running.since, step: this.#running.step };
    return { name, times, running, last, lastSuccess, next: this.#plan?.next };
  }

  /** Sees to what was left undone, and to each due time from now on. */
  async start(): Promise<void> {
    const { calendar, wallClock, log, observe } = this.#deps;
    const { name, times } = this.job;
    const duty = dutyOf(this.job, this.#remembered, wallClock());
    if (times !== undefined) {
      const plan = await calendar.plan(times.cron, times.timezone, (at) => this.#due(at));
      if (this.#isDisposed) return plan[Symbol.dispose]();
      this.#plan = plan;
    }
    switch (duty.kind) {
      case "wait":
        return this.#keep({});
      case "missed":
        observe(name, { kind: "missed" });
        log("info", `job ${name}: was due at ${stamp(duty.due)} and is done now`);
        this.#begin(duty.due);
        return;
      case "interrupted":
        log("warn", `job ${name}: the supervisor ended while it ran`);
        if (!duty.again) return this.#keep({ running: undefined, last: interrupted(duty.due) });
        this.#begin(duty.due);
        return;
      default:
        return duty satisfies never;
    }
  }

  /** False if it runs already. */
  order(): boolean {
    if (this.#running !== undefined) return false;
    this.#begin(this.#deps.wallClock());
    return true;
  }

  /** Ends what runs; the next daemon may begin it again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#plan?.[Symbol.dispose]();
    this.#running?.stop.abort();
    await this.#running?.ended;
  }

  #due(at: Date): void {
    const { log, observe } = this.#deps;
    const { name } = this.job;
    if (this.#running === undefined) {
      this.#begin(at);
      return;
    }
    observe(name, { kind: "missed" });
    const since = stamp(this.#running.since);
    log("warn", `job ${name}: is due, and left out, for it still runs since ${since}`);
    void this.#keep({});
  }

  #begin(due: Date): void {
    const { wallClock, log, observe } = this.#deps;
    const { name } = this.job;
    const running = { since: wallClock(), stop: new AbortController(), step: undefined };
    const ended = Promise.withResolvers<void>();
    this.#running = { ...running, ended: ended.promise };
    observe(name, { kind: "began" });
    log("info", `job ${name}: begins`);
    void this.#perform(due, this.#running).finally(() => ended.resolve());
  }

  async #perform(due: Date, running: Running): Promise<void> {
    const { now, observe, log } = this.#deps;
    const { name, perform } = this.job;
    const { signal } = running.stop;
    // Written before it begins: whoever comes after a crash knows of it.
    await this.#keep({ running: due });
    const from = now();
    const step = (words: string): void => void (running.step = words);
    const outcome = await perform({ due, signal, step }).catch(unexpected);
    const result: JobResult = { ...outcome, startedAt: running.since, took: ms(now() - from) };
    this.#running = undefined;
    // It has not come to its end: what remains written is that it runs.
    if (signal.aborted && outcome.kind === "failed") return;
    const kept = this.#keep({
      running: undefined,
      last: result,
      ...(result.kind === "succeeded" ? { lastSuccess: running.since } : {}),
    });
    observe(name, { kind: "ended", result });
    await kept;
    const took = formatSpan(result.took);
    if (result.kind === "succeeded") log("info", `job ${name}: ${result.message} (${took})`);
    else log("warn", `job ${name} has failed after ${took}: ${withCure(result)}`);
  }

  #keep(change: Partial<RememberedJob>): Promise<void> {
    const { name, times } = this.job;
    this.#remembered = {
      ...this.#remembered,
      cron: times?.cron,
      timezone: times?.timezone,
      next: this.#plan?.next,
      ...change,
    };
    return this.#deps.memory.write(name, this.#remembered);
  }
}

const stamp = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, "Z");

const withCure = ({ message, cure }: Extract<JobOutcome, { kind: "failed" }>): string =>
  cure === undefined ? message : `${message}. What to do: ${cure}`;

const interrupted = (startedAt: Date): JobResult => ({
  kind: "failed",
  reason: "other",
  message: "the supervisor ended while it ran; whether it was done is not known",
  cure: "look at what it was to do, and run it again if that is not there",
  startedAt,
  took: ms(0),
});

const unexpected = (error: unknown): JobOutcome => ({
  kind: "failed",
  reason: "other",
  message: `a fault of sails-supervisor itself: ${String(error)}`,
  cure: undefined,
});
