/** Starts flow runs in two ways, one after the other, and takes the time and the CPU of each. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readLedger, starts } from "../chaos/ledger.ts";
import type { Place } from "../chaos/place.ts";
import { isFinal, Prefect } from "../chaos/prefect.ts";
import { Units } from "../chaos/units.ts";
import { findByEnvironment, readStat } from "../src/host/processes.ts";
import { templateWithCommand } from "./our-template.ts";
import { root } from "./places.ts";
import { progress } from "./progress.ts";

export const contestants = ["default", "ours"] as const;

export interface RunStart {
  readonly by: (typeof contestants)[number];
  /** From Pending, which is the worker's claim, to the first line of the flow's code. */
  readonly seconds: number;
  /** Of all processes of the run, until then. */
  readonly cpu: number;
}

const lookEveryMs = 5;
const limitMs = 120_000;
/** How long a run stays after its first line, so that what it took can be read. */
const lingersSeconds = 1;

export async function runStarts(
  count: number,
  environment: string,
  interruption: AbortSignal,
): Promise<readonly RunStart[]> {
  progress("starts a server and two workers");
  const folder = await mkdtemp(join(tmpdir(), "sails-run-start-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const template = await templateWithCommand(environment, interruption);
  const place = {
    environment,
    keep: false,
    pools: [
      { name: "default", limit: null },
      { name: "ours", limit: null, template },
    ],
    deployments: contestants.map((pool) => ({ flow: "quiet", pool })),
  };
  // Both alike: only one of the pools has a command that reads it.
  const workerVariables = {
    PATH: `${join(environment, "bin")}:${process.env["PATH"] ?? ""}`,
    PREFECT_WORKER_QUERY_SECONDS: "2",
    SAILS_FLOW_RUN: join(root, "libexec/flow-run"),
    SAILS_RUNS_DIRECTORY: join(folder, "runs"),
    SAILS_RUN_LOGS_DIRECTORY: join(folder, "logs"),
    SAILS_POOL: "ours",
  };
  const options = { killMode: "process", workerVariables } as const;
  await using units = await Units.make(place, options, interruption);
  await units.start();
  const prefect = new Prefect(units.apiUrl, interruption);
  const measured: RunStart[] = [];
  // The first of each finds nothing in the machine's caches.
  for (let round = 0; round <= count; round += 1) {
    for (const by of contestants) {
      const limit = AbortSignal.any([interruption, AbortSignal.timeout(limitMs)]);
      const start = await runStart(by, units.place, prefect, limit);
      progress(`${by}: ${start.seconds.toFixed(2)} s, ${start.cpu.toFixed(2)} CPU-s`);
      if (round > 0) measured.push(start);
    }
  }
  await units.stop();
  return measured;
}

async function runStart(
  by: RunStart["by"],
  { ledger }: Place,
  prefect: Prefect,
  signal: AbortSignal,
): Promise<RunStart> {
  const deployment = await prefect.deploymentId("quiet", by);
  const { id } = await prefect.createRun(deployment, by, { seconds: lingersSeconds });
  for (;;) {
    const [start] = starts(readLedger(ledger), id);
    if (start !== undefined) {
      const cpu = cpuOf(id);
      while (!isFinal(await prefect.run(id))) await sleep(100, undefined, { signal });
      const claimed = (await prefect.states(id)).find(({ name }) => name === "Pending");
      const seconds = start.at - Date.parse(claimed?.timestamp ?? "") / 1_000;
      return { by, seconds, cpu };
    }
    await sleep(lookEveryMs, undefined, { signal });
  }
}

/** Seconds; with those of the processes that they have waited for. */
const cpuOf = (run: string): number =>
  findByEnvironment("PREFECT__FLOW_RUN_ID", run).reduce((sum, { pid }) => {
    const stat = readStat(pid);
    return stat === undefined ? sum : sum + stat.userSeconds + stat.systemSeconds;
  }, 0);
