/** `completion SHELL`, and `__complete units`, which its scripts call. */
import type { Command } from "commander";
import { ControlClient } from "../control/client.ts";
import { commandTree } from "./command-tree.ts";
import { bashCompletion } from "./completion-bash.ts";
import { fishCompletion } from "./completion-fish.ts";
import { zshCompletion } from "./completion-zsh.ts";
import type { Context } from "./context.ts";
import { exitStatus } from "./exit-status.ts";
import { findStateFolder } from "./state-folder.ts";

export const shells = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
} as const;

export async function printCompletion(
  { out }: Context,
  program: Command,
  shell: keyof typeof shells,
): Promise<number> {
  await out.write(shells[shell](commandTree(program)));
  return exitStatus.done;
}

/** One name a line, and no word of what is wrong: it would be printed into the command that is being typed. */
export async function printUnitNames(
  context: Context,
  { config }: { readonly config?: string },
): Promise<number> {
  const folder = await findStateFolder(context, config);
  if (folder.kind === "faulty") return exitStatus.unreachable;
  const answer = await new ControlClient(folder.path).status(AbortSignal.timeout(1000));
  if (answer.kind !== "answered") return exitStatus.unreachable;
  await context.out.write(answer.value.units.map(({ name }) => `${name}\n`).join(""));
  return exitStatus.done;
}
