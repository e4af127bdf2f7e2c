/** Which `prefect` is run: that of the configured environment, else the first on PATH. */
import { delimiter, dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Machine } from "./ports.ts";

export interface Program {
  readonly file: string;
  readonly binDirectory: string;
}

export async function findProgram(
  config: Config,
  path: string,
  machine: Machine,
): Promise<Program | undefined> {
  const { path: environment } = config.environment;
  // One that is configured is named even if it is missing: the preflight says so.
  // Where a link leads, for another environment is another program: what was started in it stays in it.
  if (environment !== undefined) {
    const folder = (await machine.linkTarget(environment)) ?? environment;
    return programIn(join(folder, "bin"));
  }
  for (const folder of path.split(delimiter)) {
    if (folder === "") continue;
    const found = programIn(folder);
    if (await machine.isExecutable(found.file)) return found;
  }
  return undefined;
}

const programIn = (folder: string): Program => {
  const file = join(folder, "prefect");
  return { file, binDirectory: dirname(file) };
};
