/** How somebody in another terminal reaches this daemon. */
import type { Config } from "../config/config.ts";
import { ownLauncher } from "../host/own-program.ts";
import type { OwnEnvironment } from "./boot.ts";
import type { CommandLine } from "./summary.ts";

export function commandLine(own: OwnEnvironment, config: () => Config): CommandLine {
  const program = ownLauncher() ?? "sails-supervisor";
  return (words) => {
    const { file, stateDir } = config();
    // The state folder alone leads to the daemon; a file that leaves it to a variable does not.
    if ((own["SAILS_STATE_DIR"] ?? "") !== "")
      return `SAILS_STATE_DIR=${stateDir} ${program} ${words}`;
    return file === undefined ? `${program} ${words}` : `${program} ${words} --config ${file}`;
  };
}
