/** A real browser without a window, for what a person sees of the page. */
import { execFileSync } from "node:child_process";
import { type Browser, chromium } from "playwright-core";
import type { TestContext } from "vitest";

/** Nothing is asked of the network: browsers look up their makers' hosts by themselves. */
const quiet = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where it is; skips the test, with the reason, where there is none. */
function chromiumProgram(ctx: Pick<TestContext, "skip">): string {
  try {
    return execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  } catch {
    ctx.skip("chromium is not on this machine: scripts/test gets it from Debian");
    return "";
  }
}

export function openBrowser(ctx: Pick<TestContext, "skip">): Promise<Browser> {
  // As root it refuses to start in its sandbox.
  const args = process.getuid?.() === 0 ? [...quiet, "--no-sandbox"] : quiet;
  return chromium.launch({ executablePath: chromiumProgram(ctx), args });
}
