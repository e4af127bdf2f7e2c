/** Ends the processes of flow runs in order: asked first, killed when patience is over. */
import type { Clock } from "../../supervision/ports.ts";
import { type Millis, seconds } from "../../supervision/time.ts";
import type { RunProcesses, RunRecord } from "../ports.ts";
import type { RunRegistryView } from "./guard-ports.ts";

export interface TerminationDeps {
  readonly registry: Pick<RunRegistryView, "runs" | "look">;
  readonly processes: Pick<RunProcesses, "signal">;
  readonly clock: Clock;
  /** Called each time that a run has ended. */
  readonly endings: Set<() => void>;
}

/** What is still there then is in an uninterruptible wait. */
const killPatience = seconds(5);

export async function terminate(
  deps: TerminationDeps,
  pools: readonly string[],
  patience: Millis,
  signal: AbortSignal,
): Promise<void> {
  deps.registry.look();
  for (const step of [
    { signal: "SIGTERM", patience },
    { signal: "SIGKILL", patience: killPatience },
  ] as const) {
    const living = livingIn(deps, pools);
    if (living.length === 0 || signal.aborted) return;
    for (const record of living) deps.processes.signal(record, step.signal);
    await allGone(deps, pools, step.patience, signal);
  }
}

/** Those that start meanwhile count too: whoever stops a pool has stopped its intake before. */
const livingIn = ({ registry }: TerminationDeps, pools: readonly string[]): readonly RunRecord[] =>
  registry.runs
    .filter(({ kind, record }) => kind === "alive" && pools.includes(record.pool))
    .map(({ record }) => record);

async function allGone(
  deps: TerminationDeps,
  pools: readonly string[],
  patience: Millis,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = (): void => {
    if (livingIn(deps, pools).length === 0) resolve();
  };
  const cancel = deps.clock.schedule(patience, () => {
    deps.registry.look();
    resolve();
  });
  const giveUp = (): void => resolve();
  signal.addEventListener("abort", giveUp);
  deps.endings.add(check);
  check();
  await promise;
  deps.endings.delete(check);
  signal.removeEventListener("abort", giveUp);
  cancel();
}
