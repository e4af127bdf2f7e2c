/** `completion SHELL`, and `__complete units|pools|runs|jobs`, which its scripts call. */
import type { Command } from "commander";
import { type Answer, ControlClient } from "../control/client.ts";
import type { RunStatus } from "../control/status.ts";
import { commandTree, type NameKind } from "./command-tree.ts";
import { bashCompletion } from "./completion-bash.ts";
import { fishCompletion } from "./completion-fish.ts";
import { zshCompletion } from "./completion-zsh.ts";
import type { Context } from "./context.ts";
import { exitStatus } from "./exit-status.ts";
import { isOrderable } from "./jobs.ts";
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
export async function printNames(
  context: Context,
  kind: NameKind,
  { config }: { readonly config?: string },
): Promise<number> {
  const folder = await findStateFolder(context, config);
  if (folder.kind === "faulty") return exitStatus.unreachable;
  const client = new ControlClient(folder.path);
  const answer = await namesOf(client, kind, AbortSignal.timeout(1000));
  if (answer.kind !== "answered") return exitStatus.unreachable;
  await context.out.write(answer.value.map((name) => `${name}\n`).join(""));
  return exitStatus.done;
}

async function namesOf(
  client: ControlClient,
  kind: NameKind,
  signal: AbortSignal,
): Promise<Answer<readonly string[]>> {
  if (kind === "runs") {
    const runs = await client.runs(signal);
    return runs.kind === "answered" ? { ...runs, value: runs.value.runs.map(typedName) } : runs;
  }
  const status = await client.status(signal);
  if (status.kind !== "answered") return status;
  const { units, pools, jobs } = status.value;
  const named = { units, pools, jobs: jobs.filter(isOrderable) }[kind];
  return { ...status, value: named.map(({ name }) => name) };
}

/** A shell would take a name with a space for two words. */
const typedName = ({ id, name }: RunStatus): string =>
  name === null || /\s/.test(name) ? id : name;
