/** Which flow runs have a process on this host, where no daemon is there to watch them. */
import { readdirSync } from "node:fs";
import type { RunRecord } from "../prefect/ports.ts";
import { bootId, isThere } from "./processes.ts";
import { isFolderName, readRecord } from "./run-record.ts";

/** @param directory of their records; it need not be there */
export function liveRuns(directory: string): readonly RunRecord[] {
  const boot = bootId();
  return namesIn(directory)
    .filter(isFolderName)
    .map((name) => readRecord(directory, name))
    .flatMap((found) => (found.kind === "read" ? [found.record] : []))
    .filter((record) => record.bootId === boot && isThere(record));
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Of one that cannot be read nobody can say more.
    return [];
  }
}
