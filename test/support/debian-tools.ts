/** Programs that only tests use: `scripts/test` gets them, and says which it could not get. */
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";

/** Its file. Skips the test where it is not on this machine. */
export async function toolOf(name: string, ctx: Pick<TestContext, "skip">): Promise<string> {
  const { PATH = "", SAILS_TEST_TOOLS_PATH = "" } = process.env;
  for (const folder of [SAILS_TEST_TOOLS_PATH, PATH].join(delimiter).split(delimiter)) {
    const file = join(folder, name);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== "" && isThere) return file;
  }
  return ctx.skip(`${name} is not on this machine`);
}
