/** What the guard of flow runs sees of their processes, and does to them. */
import {
  type Death,
  type FoundRun,
  flowRunVariable,
  type RunProcesses,
  type RunRecord,
  type Strays,
} from "../prefect/ports.ts";
import { type Millis, seconds } from "../supervision/time.ts";
import type { OomWitness } from "./oom-witness.ts";
import { allPids, environmentValue, isThere, readStat } from "./processes.ts";
import { signalProcess } from "./signals.ts";
import { endStrays, findStrays, type StrayQuery } from "./strays.ts";

export interface HostRunProcessesDeps {
  readonly oom: OomWitness;
  /** The living processes of a flow run. */
  readonly living: (flowRunId: string) => readonly RunRecord[];
  /** How long ago a process ended; 0 if that is not known. */
  readonly endedAgo: (record: RunRecord) => Millis;
  /** Aborted when the daemon leaves: nobody is killed after that. */
  readonly signal: AbortSignal;
}

/** How long what a run has left behind may take to go by itself. */
const strayPatience = seconds(5);

export class HostRunProcesses implements RunProcesses {
  readonly #deps: HostRunProcessesDeps;

  constructor(deps: HostRunProcessesDeps) {
    this.#deps = deps;
  }

  find(flowRunId: string, pid: number | undefined): FoundRun | undefined {
    const known = pid === undefined ? undefined : this.#identified(pid, flowRunId);
    if (known !== undefined) return known;
    // What the run has started bears its mark too: the first of them is the run itself.
    const bearers = [...allPids()].flatMap((each) => this.#identified(each, flowRunId) ?? []);
    return bearers.toSorted((one, other) => one.startTime - other.startTime)[0];
  }

  signal(process: Pick<FoundRun, "pid" | "startTime">, signal: "SIGTERM" | "SIGKILL"): void {
    if (isThere(process)) signalProcess(process.pid, signal);
  }

  death({ cgroup }: RunRecord): Promise<Death> {
    return Promise.resolve({ outOfMemory: this.#deps.oom.hasKilled(cgroup), exit: undefined });
  }

  async strays(record: RunRecord, policy: "kill" | "report"): Promise<Strays> {
    const query: StrayQuery = {
      record,
      endedAgo: this.#deps.endedAgo(record),
      others: this.#deps.living(record.flowRunId),
    };
    if (policy === "report") {
      const found = await findStrays(query);
      return { found: found.length, left: found.map(({ pid }) => pid) };
    }
    const { found, left } = await endStrays(query, strayPatience, this.#deps.signal);
    return { found: found.length, left: left.map(({ pid }) => pid) };
  }

  #identified(pid: number, flowRunId: string): FoundRun | undefined {
    const stat = readStat(pid);
    if (stat === undefined || stat.state === "Z") return undefined;
    if (environmentValue(pid, flowRunVariable) !== flowRunId) return undefined;
    return { pid, startTime: stat.startTime, parent: stat.parent };
  }
}
