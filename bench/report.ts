/** What was measured, as people read it. */
import type { Result } from "./contest.ts";
import type { Machine } from "./machine.ts";
import type { Offer, PeerName } from "./peers/peer.ts";
import { median, percentile } from "./statistics.ts";
import { type Cell, ratio, table } from "./table.ts";
import { coreShare, type Target } from "./targets.ts";

export interface Report {
  readonly at: string;
  readonly machine: Machine;
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** How many others ran on the same Node meanwhile. */
  readonly sharers: number;
  readonly offers: readonly Offer[];
  readonly results: readonly Result[];
  readonly targets: readonly Target[];
}

export function render(report: Report): string {
  const { offers, results, targets } = report;
  const few = results.filter(({ units }) => units === 4);
  return [
    surroundings(report),
    table(["supervisor", "version", "set to"], offers.map(described)),
    "## A child is killed → it runs again, 4 units",
    restarts(few),
    "## Idle, 4 units",
    idles(few),
    "## Start, stop and scale",
    scales(results),
    ...failures(results),
    "## Targets",
    table(
      ["what", "target", "measured", ""],
      targets.map(({ what, limit, measured, verdict }) => [what, limit, measured, verdict]),
    ),
    "",
  ].join("\n\n");
}

function surroundings({ at, machine, loadBefore, loadAfter, sharers }: Report): string {
  const { cores, model, memoryGiB, kernel } = machine;
  const load = `load ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after`;
  const words = [
    `# Benchmark, ${at}`,
    `${cores} cores (${model}), ${memoryGiB} GiB, Linux ${kernel}; ${load}.`,
  ];
  if (Math.max(loadBefore, loadAfter) > 1) {
    words.push("**Warning: the machine was busy.** Ratios may still count, figures do not.");
  }
  if (sharers > 0) {
    const who = `${sharers} other processes ran on the same Node`;
    words.push(
      `**Warning: ${who}**, and shared its pages: PSS is too small. Anonymous PSS counts.`,
    );
  }
  return words.join("\n\n");
}

const described = (offer: Offer): readonly Cell[] =>
  offer.kind === "ready"
    ? [offer.peer.name, offer.peer.version, offer.peer.settings]
    : [offer.name, "–", `left out: ${offer.why}`];

function restarts(results: readonly Result[]): string {
  const of = (peer: PeerName) =>
    some(results.find((result) => result.peer === peer)?.killMs.flat());
  const runit = of("runit");
  return table(
    [
      "supervisor",
      "kills",
      "p50 ms",
      "÷ runit's",
      "p99 ms",
      "÷ runit's",
      "max ms",
      "first after a start, p50 ms",
    ],
    results.map(({ peer, killMs }) => {
      const kills = some(killMs.flat());
      const [p50, p99, max] = [50, 99, 100].map((percent) => rank(kills, percent));
      const firsts = some(killMs.flatMap((round) => round.slice(0, 1)));
      return [
        peer,
        killMs.flat().length,
        p50,
        ratio(p50, rank(runit, 50)),
        p99,
        ratio(p99, rank(runit, 99)),
        max,
        rank(firsts, 50),
      ];
    }),
  );
}

function idles(results: readonly Result[]): string {
  const pm2 = results.find(({ peer }) => peer === "pm2")?.idle;
  return table(
    [
      "supervisor",
      "processes",
      "wake-ups/s",
      "CPU ms/min",
      "PSS MiB",
      "÷ PM2's",
      "anonymous MiB",
      "÷ PM2's",
    ],
    results.map(({ peer, idle }) => [
      peer,
      idle?.processes,
      idle?.wakeupsPerSecond,
      idle?.cpuMsPerMinute,
      idle?.pssMiB,
      ratio(idle?.pssMiB, pm2?.pssMiB),
      idle?.anonymousMiB,
      ratio(idle?.anonymousMiB, pm2?.anonymousMiB),
    ]),
  );
}

function scales(results: readonly Result[]): string {
  return table(
    [
      "units",
      "supervisor",
      "start ms",
      "÷ runit's",
      "stop ms",
      "÷ runit's",
      "restart p50 ms",
      "÷ runit's",
      "max ms",
      "idle CPU, % of a core",
      "PSS MiB",
      "anonymous MiB",
    ],
    results.map((result) => {
      const { peer, units, idle } = result;
      const runit = results.find((other) => other.peer === "runit" && other.units === units);
      const [start, stop, restart] = medians(result);
      const [runitStart, runitStop, runitRestart] = medians(runit);
      return [
        units,
        peer,
        start,
        ratio(start, runitStart),
        stop,
        ratio(stop, runitStop),
        restart,
        ratio(restart, runitRestart),
        rank(some(result.killMs.flat()), 100),
        idle && coreShare(idle.cpuMsPerMinute),
        idle?.pssMiB,
        idle?.anonymousMiB,
      ];
    }),
  );
}

const failures = (results: readonly Result[]): readonly string[] =>
  results.flatMap(({ peer, units, failure }) =>
    failure === undefined ? [] : [`**${peer} with ${units} units was cut short**: ${failure}`],
  );

const medians = (result: Result | undefined): readonly (number | undefined)[] =>
  [result?.startMs, result?.stopMs, result?.killMs.flat()].map((figures) => {
    const known = some(figures);
    return known && median(known);
  });

const some = (figures: readonly number[] | undefined): readonly number[] | undefined =>
  figures === undefined || figures.length === 0 ? undefined : figures;

const rank = (figures: readonly number[] | undefined, percent: number): number | undefined =>
  figures && percentile(figures, percent);
