/** Removes the output of units that are gone, once nobody will ask for it any more. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Millis } from "../supervision/time.ts";
import { outputFileName } from "./output-folder.ts";

const outputFile = /^(?<current>.*\.log)(\.(\d+|new))?$/;

export function removeOldOutput(
  directory: string,
  units: readonly string[],
  unusedFor: Millis,
): readonly string[] {
  const known = new Set(units.map(outputFileName));
  const newest = Date.now() - unusedFor;
  const old = readdirSync(directory).filter((name) => {
    const current = outputFile.exec(name)?.groups?.["current"];
    if (current === undefined || known.has(current)) return false;
    const stat = statSync(join(directory, name), { throwIfNoEntry: false });
    return stat !== undefined && stat.isFile() && stat.mtimeMs < newest;
  });
  for (const name of old) rmSync(join(directory, name), { force: true });
  return old;
}
