/** A disk that is small, or can only be read: where a test may mount one. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { TestContext } from "vitest";

export interface SmallDisk extends Disposable {
  readonly path: string;
  /** @param options of mount: `size=80m`, `ro` */
  readonly remount: (options: string) => void;
}

/** Skips the test, with the reason, where it may not. @param path is made */
export function mountSmallDisk(
  path: string,
  size: string,
  ctx: Pick<TestContext, "skip">,
): SmallDisk {
  if (process.getuid?.() !== 0) ctx.skip("only root may mount a small disk");
  mkdirSync(path);
  const mount = (options: string): void =>
    void execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { stdio: "ignore" });
  try {
    mount(`size=${size}`);
  } catch {
    ctx.skip("a small disk cannot be mounted here");
  }
  return {
    path,
    remount: (options) => mount(`remount,${options}`),
    [Symbol.dispose]: () => void execFileSync("umount", ["--lazy", path]),
  };
}
