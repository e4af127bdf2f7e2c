/**
 * `npm run bench`: this supervisor beside others, on this machine, in one run. Needs no Prefect.
 * A target that is missed is a finding, not a failure: the exit status tells whether it could run.
 */
import { writeFile } from "node:fs/promises";
import { contest } from "./contest.ts";
import { countRunning, describeMachine, load } from "./machine.ts";
import { offers } from "./offers.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { becomeCopy, ourNode } from "./our-node.ts";
import { progress } from "./progress.ts";
import { type Report, render } from "./report.ts";
import { judgeTargets } from "./targets.ts";

async function measure({ only, sizes }: Options, signal: AbortSignal): Promise<Report> {
  const found = await offers(only, signal);
  const peers = found.flatMap((offer) => (offer.kind === "ready" ? [offer.peer] : []));
  const loadBefore = load();
  const sharersBefore = countRunning(ourNode());
  const results = await contest(peers, sizes, signal);
  return {
    at: new Date().toISOString(),
    machine: describeMachine(),
    loadBefore,
    loadAfter: load(),
    sharers: Math.max(sharersBefore, countRunning(ourNode())),
    offers: found,
    results,
    targets: judgeTargets(results),
  };
}

async function main(options: Options): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () =>
      interruption.abort(new Error(`${signal}: ends what it has started`)),
    );
  }
  const report = await measure(options, interruption.signal);
  process.stdout.write(render(report));
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(report, null, 2));
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(`${usage}\n`);
  } else {
    becomeCopy();
    await main(options);
  }
} catch (error) {
  progress(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
