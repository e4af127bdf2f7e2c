/** Compares what was measured with what was aimed at. */
import type { Result } from "./contest.ts";
import type { PeerName } from "./peers/peer.ts";
import { median } from "./statistics.ts";

export interface Target {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly verdict: "met" | "missed" | "not measured";
}

export function judgeTargets(results: readonly Result[]): readonly Target[] {
  const few = (peer: PeerName) => find(results, peer, 4);
  const many = find(results, "ours", 1_000);
  return [
    target(
      "restart, p50, 4 units",
      { words: "runit's", value: restart(few("runit")), unit: "ms" },
      restart(few("ours")),
    ),
    target("idle wake-ups, 4 units", { value: 1, unit: "/s" }, few("ours")?.idle?.wakeupsPerSecond),
    target("idle CPU, 4 units", { value: 0.1, unit: "% of a core" }, core(few("ours"))),
    target(
      "idle PSS, 4 units",
      { words: "PM2's", value: few("pm2")?.idle?.pssMiB, unit: "MiB" },
      few("ours")?.idle?.pssMiB,
    ),
    target("start of 1,000 units", { value: 5_000, unit: "ms" }, middle(many?.startMs)),
    target("stop of 1,000 units", { value: 2_000, unit: "ms" }, middle(many?.stopMs)),
    target("restart, p50, 1,000 units", { value: 10, unit: "ms" }, restart(many)),
    target("idle CPU, 1,000 units", { value: 1, unit: "% of a core" }, core(many)),
  ];
}

/** Of one core, in percent. */
export const coreShare = (cpuMsPerMinute: number): number => (cpuMsPerMinute / 60_000) * 100;

function target(
  what: string,
  limit: { readonly words?: string; readonly value: number | undefined; readonly unit: string },
  measured: number | undefined,
): Target {
  const figure = (value: number | undefined): string =>
    value === undefined ? "?" : `${Number(value.toPrecision(3))} ${limit.unit}`;
  const words = limit.words === undefined ? "" : `${limit.words}, `;
  return {
    what,
    limit: `≤ ${words}${figure(limit.value)}`,
    measured: figure(measured),
    verdict: verdict(measured, limit.value),
  };
}

function verdict(measured: number | undefined, limit: number | undefined): Target["verdict"] {
  if (measured === undefined || limit === undefined) return "not measured";
  return measured <= limit ? "met" : "missed";
}

const find = (results: readonly Result[], peer: PeerName, units: number): Result | undefined =>
  results.find((result) => result.peer === peer && result.units === units);

const middle = (figures: readonly number[] = []): number | undefined =>
  figures.length === 0 ? undefined : median(figures);

const restart = (result: Result | undefined): number | undefined => middle(result?.killMs.flat());

const core = (result: Result | undefined): number | undefined =>
  result?.idle && coreShare(result.idle.cpuMsPerMinute);
