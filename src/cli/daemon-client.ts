/** The client for the daemon of `--config`; without one, why not. */
import { ControlClient } from "../control/client.ts";
import { complain } from "./complain.ts";
import type { Context } from "./context.ts";
import { findStateFolder } from "./state-folder.ts";

export async function daemonClient(
  context: Context,
  configFile: string | undefined,
): Promise<ControlClient | undefined> {
  const folder = await findStateFolder(context, configFile);
  if (folder.kind === "found") return new ControlClient(folder.path);
  await complain(
    context,
    `the daemon cannot be found, for its configuration cannot be read:\n${folder.faults.join("\n")}`,
    "correct the file, or say where the daemon keeps its state with SAILS_STATE_DIR",
  );
  return undefined;
}
