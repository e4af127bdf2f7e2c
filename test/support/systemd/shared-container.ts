/** One container for the tests of a file: the first that needs it boots it. */
import { afterAll, type TestContext } from "vitest";
import { SystemdContainer } from "./container.ts";
import { whyNoContainer } from "./machine.ts";

/** To be called once, at the top of a file. Skips a test, with the reason, where none can be booted. */
export function sharedContainer(): (ctx: Pick<TestContext, "skip">) => Promise<SystemdContainer> {
  let booting: Promise<SystemdContainer> | undefined;
  afterAll(async () => {
    const container = await booting;
    await container?.[Symbol.asyncDispose]();
  });
  return (ctx) => {
    const why = whyNoContainer();
    if (why !== undefined) ctx.skip(why);
    booting ??= SystemdContainer.boot();
    return booting;
  };
}
