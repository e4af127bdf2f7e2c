/**
 * Runs one short program at a time that may never come back: whoever touches a mount that hangs
 * cannot even be killed. It is then left behind, and until it has gone no other is started.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { signalProcess } from "./signals.ts";

export interface ShortRun {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** More output than this is an error. */
  readonly mostBytes: number;
}

export type ShortRunEnd =
  | { readonly kind: "ended"; readonly status: number | null; readonly stdout: string }
  /** It has not ended in its time, or one of before still has not. */
  | { readonly kind: "hangs" }
  | { readonly kind: "failed"; readonly why: string };

export class AbandonableProcess {
  #left: ChildProcess | undefined;

  run({ command: [file, ...args], env, timeoutMs, mostBytes }: ShortRun): Promise<ShortRunEnd> {
    if (this.#left !== undefined) return Promise.resolve({ kind: "hangs" });
    const { promise, resolve } = Promise.withResolvers<ShortRunEnd>();
    // In a group of its own, and in a folder that is no mount of the user's.
    const child = spawn(file, args, {
      env,
      cwd: "/",
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#left = child;
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (outcome: ShortRunEnd): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.unref();
      if (child.pid !== undefined && this.#left !== undefined) signalProcess(child.pid, "SIGKILL");
      resolve(outcome);
    };
    const timer = setTimeout(() => end({ kind: "hangs" }), timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) end({ kind: "failed", why: "it printed too much" });
      else chunks.push(chunk);
    });
    child.on("error", (error) => {
      this.#left = undefined;
      end({ kind: "failed", why: error.message });
    });
    child.on("exit", () => {
      this.#left = undefined;
    });
    child.on("close", (status) =>
      end({ kind: "ended", status, stdout: Buffer.concat(chunks).toString() }),
    );
    return promise;
  }
}
