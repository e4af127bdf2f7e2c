/** What is said of dead runs, in Prefect's states and in the log: for readers who know flows, not processes. */
import { describeExit } from "../../supervision/exit.ts";
import { formatMinute } from "../../supervision/time.ts";
import type { Death } from "../ports.ts";
import type { Gone, RunFacts } from "./facts.ts";

export function howItEnded(
  { pid, why, isWorkerAlive }: Gone,
  { outOfMemory, exit }: Death,
  host: RunFacts["host"],
): string {
  const process = `process ${pid} on ${host.name}`;
  if (why === "other-boot") return lostAtReboot(process, host);
  if (outOfMemory === "yes") return `${process} ran out of memory and was killed by the kernel`;
  if (exit !== undefined) return `${process} ${describeExit(exit)}`;
  if (outOfMemory === "perhaps") {
    return `${process} is gone: probably the kernel killed it, for the machine ran out of memory at that time`;
  }
  if (why === "stranger") return `${process} is gone: another process has its number now`;
  const nobody = isWorkerAlive
    ? "its worker has not said how it ended"
    : "nobody saw how it ended, for its worker had died before it";
  return `${process} is gone: ${nobody}`;
}

export const lostAtReboot = (process: string, { bootedAt }: RunFacts["host"]): string =>
  `${process} was lost when the machine was rebooted at ${formatMinute(bootedAt)}`;

/** 2026-11-25 01:02 UTC */

export const sentence = (clause: string): string =>
  `${clause.charAt(0).toUpperCase()}${clause.slice(1)}`;
