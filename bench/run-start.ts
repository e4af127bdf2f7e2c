/**
 * `npm run bench:run-start`: what it takes from a run's claim to the first line of its code, by
 * Prefect's default path and by our `command`, in turns, on one server and with the same workers.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { launcherCost } from "./launcher-cost.ts";
import { describeMachine, load } from "./machine.ts";
import { progress } from "./progress.ts";
import { contestants, type RunStart, runStarts } from "./run-starts.ts";
import { median } from "./statistics.ts";
import { type Cell, ratio, table } from "./table.ts";

const usage = `usage: npm run bench:run-start -- [--runs 8] [--environment PATH]
Starts that many flow runs by Prefect's default path and by our command, one after the other.`;

async function main(runs: number, environment: string): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () =>
      interruption.abort(new Error(`${signal}: ends what it has started`)),
    );
  }
  const loadBefore = load();
  const cost = await launcherCost(environment, interruption.signal);
  const starts = await runStarts(runs, environment, interruption.signal);
  const { cores, model, memoryGiB, kernel } = describeMachine();
  const lines = [
    "# Start of a flow run",
    `${cores} cores (${model}), ${memoryGiB} GiB, Linux ${kernel}; load ${loadBefore.toFixed(1)} before.`,
    `## Claimed → first line of its code, ${runs} runs each`,
    startsTable(starts),
    `## The launcher alone, ${cost.bareMs.length} starts each, in turns`,
    table(
      ["what is executed", "minimum ms", "median ms", "maximum ms"],
      [
        ["the engine, with nothing in it", ...spread(cost.bareMs)],
        ["the launcher, which becomes it", ...spread(cost.launcherMs)],
        ["the launcher adds", "", median(cost.launcherMs) - median(cost.bareMs), ""],
      ],
    ),
    "",
  ];
  process.stdout.write(lines.join("\n\n"));
}

function startsTable(starts: readonly RunStart[]): string {
  const [usual, ours] = contestants.map((name) => starts.filter((start) => start.by === name));
  const row = (what: string, figure: (start: RunStart) => number): readonly Cell[][] => {
    const [one, other] = [usual ?? [], ours ?? []].map((some) => some.map(figure));
    const byMedian = ratio(other && median(other), one && median(one));
    return [
      [`${what}, Prefect's default path`, ...spread(one ?? []), "×1"],
      [`${what}, our command`, ...spread(other ?? []), byMedian],
    ];
  };
  return table(
    ["what", "minimum", "median", "maximum", "÷ default's median"],
    [...row("seconds", ({ seconds }) => seconds), ...row("CPU-seconds", ({ cpu }) => cpu)],
  );
}

const spread = (figures: readonly number[]): readonly number[] => [
  Math.min(...figures),
  median(figures),
  Math.max(...figures),
];

try {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "8" },
      environment: { type: "string", default: ".tools/test-environments/survey" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) process.stdout.write(`${usage}\n`);
  else await main(Number(values.runs), resolve(values.environment));
} catch (error) {
  progress(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
