/** The processes of flow runs when all stops: their end is waited for, and brought about in order. */
import type { Clock } from "../../supervision/ports.ts";
import { type Millis, seconds } from "../../supervision/time.ts";
import type { FoundRun, RunProcesses } from "../ports.ts";
import type { RunRegistryView } from "./guard-ports.ts";

export interface LivingRun extends Pick<FoundRun, "pid" | "startTime"> {
  readonly id: string;
  readonly pool: string;
}

export interface LivingRunsDeps {
  readonly registry: Pick<RunRegistryView, "runs" | "look">;
  readonly processes: Pick<RunProcesses, "find" | "signal">;
  readonly clock: Clock;
  /** Called each time that a run has ended. */
  readonly endings: Set<() => void>;
}

/** What is still there then is in an uninterruptible wait. */
const killPatience = seconds(5);
/** Of the end of what has no record, nobody tells. */
const lookEvery = seconds(1);

export class LivingRuns {
  readonly #deps: LivingRunsDeps;
  readonly #pools: readonly string[];
  readonly #unrecorded: readonly LivingRun[];

  constructor(
    deps: LivingRunsDeps,
    pools: readonly string[],
    unrecorded: readonly LivingRun[] = [],
  ) {
    this.#deps = deps;
    this.#pools = pools;
    this.#unrecorded = unrecorded;
  }

  /** Those that start meanwhile count too: whoever stops a pool has stopped its intake before. */
  in(pools: readonly string[] = this.#pools): readonly LivingRun[] {
    const { registry, processes } = this.#deps;
    const recorded = registry.runs.flatMap(({ kind, record }): LivingRun[] => {
      const { flowRunId: id, pool, pid, startTime } = record;
      return kind === "alive" ? [{ id, pool, pid, startTime }] : [];
    });
    // What a run has left behind is not the run.
    const unrecorded = this.#unrecorded.filter(
      ({ id, pid, startTime }) => processes.find(id, pid)?.startTime === startTime,
    );
    return [...recorded, ...unrecorded].filter(({ pool }) => pools.includes(pool));
  }

  /** Resolves when none of these pools lives any more, or the patience is over. */
  async ended(pools: readonly string[], patience: Millis, signal: AbortSignal): Promise<void> {
    const { clock, endings, registry } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    const giveUp = (): void => resolve();
    const check = (): void => {
      if (signal.aborted || this.in(pools).length === 0) resolve();
    };
    let cancelLook = (): void => undefined;
    const lookAgain = (): void => {
      check();
      cancelLook = clock.schedule(lookEvery, lookAgain);
    };
    const cancel = clock.schedule(patience, () => {
      registry.look();
      resolve();
    });
    signal.addEventListener("abort", giveUp);
    endings.add(check);
    if (this.#unrecorded.length > 0) lookAgain();
    else check();
    await promise;
    endings.delete(check);
    signal.removeEventListener("abort", giveUp);
    cancel();
    cancelLook();
  }

  /** Asks each, kills when patience is over. */
  async terminate(patience: Millis, signal: AbortSignal): Promise<void> {
    this.#deps.registry.look();
    for (const step of [
      { signal: "SIGTERM", patience },
      { signal: "SIGKILL", patience: killPatience },
    ] as const) {
      const living = this.in();
      if (living.length === 0 || signal.aborted) return;
      for (const run of living) this.#deps.processes.signal(run, step.signal);
      await this.ended(this.#pools, step.patience, signal);
    }
  }
}
