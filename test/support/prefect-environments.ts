/** The Python environments that `scripts/test` has built, each with another Prefect. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";

const folder = process.env["SAILS_TEST_ENVIRONMENTS"] ?? ".tools/test-environments";

/** Skips the test, with the reason, where the environment is not there. */
export function environmentOf(name: string, ctx: Pick<TestContext, "skip">): string {
  const path = join(process.cwd(), folder, name);
  const found = folder.startsWith("/") ? join(folder, name) : path;
  if (!existsSync(join(found, "bin/prefect"))) {
    ctx.skip(`there is no Python environment ${found}: scripts/test builds it`);
  }
  return found;
}
