/**
 * Puts the program as it is on the disk now in the place of this process: its id stays, and with it
 * all children stay children. Nothing else does but the standard streams and the environment.
 */
import { execFile } from "node:child_process";
import { messageOf } from "./errno.ts";

export interface Replacement {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const trialTimeoutMs = 60_000;

/**
 * Whether it would start, which `trialOption` has it find out. Node ends the process if a program
 * cannot take its place: so this comes first. Returns why it would not.
 */
export function tryOut(
  { command: [file, ...args], env }: Replacement,
  trialOption: string,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const options = { env, timeout: trialTimeoutMs, killSignal: "SIGKILL" } as const;
  execFile(file, [...args, trialOption], options, (error, stdout, stderr) => {
    if (error === null) return resolve(undefined);
    const said = `${stdout}${stderr}`.trim();
    resolve(said === "" ? messageOf(error) : said);
  });
  return promise;
}

/** Never returns, and ends this process if it fails. */
export function become({ command: [file, ...args], env }: Replacement): never {
  if (process.execve === undefined) throw new Error("this Node cannot replace its process");
  return process.execve(file, [file, ...args], { ...env });
}
