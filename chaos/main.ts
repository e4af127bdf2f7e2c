/** `npm run chaos`: ends with 0 if nothing was lost, with 1 if something was. */
import { resolve } from "node:path";
import { readOptions, usage } from "./options.ts";
import { progress } from "./progress.ts";
import { faultsOf, render } from "./report.ts";
import { chaos, type Plan } from "./run.ts";

async function main(plan: Plan): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () =>
      interruption.abort(new Error(`${signal}: ends what it has started`)),
    );
  }
  const outcome = await chaos(plan, progress, interruption.signal);
  process.stdout.write(render(outcome));
  process.exitCode = faultsOf(outcome).length === 0 ? 0 : 1;
}

try {
  const plan = readOptions(process.argv.slice(2));
  if (plan === undefined) process.stdout.write(`${usage}\n`);
  else await main({ ...plan, environment: resolve(plan.environment) });
} catch (error) {
  progress(error instanceof Error ? error.message : String(error), "fault");
  process.exitCode = 1;
}
