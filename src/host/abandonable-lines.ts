/** Runs a program that may never end, and hears its lines until its time is over. Then it is left behind. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { signalGroup } from "./signals.ts";

export interface LinesOf {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
}

/** Resolves when it has ended or its time is over, with whether it has ended. Never rejects. */
export function hearLines(
  { command: [file, ...args], env, timeoutMs }: LinesOf,
  line: (text: string) => void,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn(file, args, {
    env,
    detached: true,
    // Who waits for the end of our own output must not wait for that of what is left behind.
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout });
  lines.on("line", line);
  const end = (hasEnded: boolean): void => {
    clearTimeout(timer);
    if (child.pid !== undefined && !hasEnded) signalGroup(child.pid, "SIGKILL");
    lines.close();
    child.stdout.destroy();
    child.unref();
    resolve(hasEnded);
  };
  const timer = setTimeout(() => end(false), timeoutMs);
  child.once("error", () => end(true));
  lines.once("close", () => end(true));
  return promise;
}
