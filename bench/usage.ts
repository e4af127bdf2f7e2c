/** What processes cost, as the kernel counts it: nothing here wakes them. */
import { readdirSync } from "node:fs";
import { readProcess } from "../src/host/processes.ts";

interface Thread {
  /** Voluntary or not: each is a wake-up. */
  readonly switches: number;
  readonly cpuNs: number;
}

export type Account = ReadonlyMap<string, Thread>;

export interface Spent {
  readonly switches: number;
  readonly cpuMs: number;
}

export interface Memory {
  readonly pssMiB: number;
  readonly anonymousMiB: number;
}

export function account(pids: readonly number[]): Account {
  const threads = new Map<string, Thread>();
  for (const pid of pids) {
    for (const tid of readdirSync(`/proc/${pid}/task`)) {
      const status = readProcess(pid, `task/${tid}/status`);
      const schedule = readProcess(pid, `task/${tid}/schedstat`);
      if (status === undefined || schedule === undefined) continue;
      const switches = [...status.matchAll(/ctxt_switches:\s*(\d+)/g)];
      threads.set(tid, {
        switches: sum(switches.map(([, count]) => Number(count))),
        cpuNs: Number(schedule.split(" ")[0]),
      });
    }
  }
  return threads;
}

export function spent(before: Account, after: Account): Spent {
  const each = [...after].map(([tid, { switches, cpuNs }]) => {
    const then = before.get(tid) ?? { switches: 0, cpuNs: 0 };
    return { switches: switches - then.switches, cpuNs: cpuNs - then.cpuNs };
  });
  return {
    switches: sum(each.map(({ switches }) => switches)),
    cpuMs: sum(each.map(({ cpuNs }) => cpuNs)) / 1e6,
  };
}

export function memoryOf(pids: readonly number[]): Memory {
  const texts = pids.map((pid) => readProcess(pid, "smaps_rollup") ?? "");
  const mebibytes = (key: string): number =>
    sum(
      texts.map((text) => Number(new RegExp(`^${key}:\\s*(\\d+) kB`, "m").exec(text)?.[1] ?? 0)),
    ) / 1024;
  return { pssMiB: mebibytes("Pss"), anonymousMiB: mebibytes("Pss_Anon") };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
