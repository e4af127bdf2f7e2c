/** Starts a supervisor that stays in the foreground, out of reach of a Ctrl-C at our terminal. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";

export interface Detached {
  readonly pid: number;
  readonly signal: (signal: NodeJS.Signals) => Promise<void>;
}

export interface DetachedOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
}

export async function spawnDetached(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, env, log }: DetachedOptions,
): Promise<Detached> {
  const fd = openSync(log, "a");
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", fd, fd] });
  closeSync(fd);
  if (child.pid === undefined) throw (await once(child, "error"))[0];
  return {
    pid: child.pid,
    signal: async (signal) => void child.kill(signal),
  };
}
