/** How somebody in another terminal, or a worker, reaches what belongs to this daemon. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import type { OwnEnvironment } from "./boot.ts";
import type { CommandLine } from "./summary.ts";

export function commandLine(own: OwnEnvironment, config: () => Config): CommandLine {
  const program = programName();
  return (words) => {
    const { file, stateDir } = config();
    // The state folder alone leads to the daemon; a file that leaves it to a variable does not.
    if ((own["SAILS_STATE_DIR"] ?? "") !== "")
      return `SAILS_STATE_DIR=${stateDir} ${program} ${words}`;
    return file === undefined ? `${program} ${words}` : `${program} ${words} --config ${file}`;
  };
}

/** In a checkout, the launcher beside the sources or the bundle. */
function programName(): string {
  const launcher = join(dirname(process.argv[1] ?? ""), "../bin/sails-supervisor");
  return existsSync(launcher) ? launcher : "sails-supervisor";
}

/** Beside the folder of the program, in a checkout as in a package. */
export const runLauncherFile = (): string =>
  join(dirname(process.argv[1] ?? ""), "../libexec/flow-run");
