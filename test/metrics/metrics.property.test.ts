import * as fc from "fast-check";
import { expect, test } from "vitest";
import { families } from "../../src/metrics/series.ts";
import { ms } from "../../src/supervision/time.ts";
import type { Timer, UnitEvent } from "../../src/supervision/unit-state.ts";
import { unitSpec } from "../support/unit-specs.ts";
import { Rig, sample } from "./rig.ts";
import { parse } from "./scraped.ts";

const generation = 0;
const cause = { kind: "crash", summary: "ended" } as const;
const timers: readonly Timer[] = [
  "start",
  "quiesce",
  "stop",
  "restart",
  "recheck",
  "proven",
  "forget",
];

const event: fc.Arbitrary<UnitEvent> = fc.constantFrom<UnitEvent>(
  { kind: "start-requested" },
  { kind: "stop-requested", by: "operator" },
  { kind: "stop-requested", by: "shutdown" },
  { kind: "restart-requested", by: "restart" },
  { kind: "restart-requested", by: "config" },
  { kind: "restart-requested", by: "environment" },
  { kind: "conditions-changed", unmet: [{ kind: "volume", why: "the volume is away" }] },
  { kind: "conditions-changed", unmet: [] },
  { kind: "adopted", spawnedAt: ms(-100_000), spawns: 7 },
  { kind: "quiesced", generation },
  { kind: "became-ready", generation },
  { kind: "became-unready", generation, why: "no answer" },
  { kind: "liveness-lost", generation, why: "no heartbeat" },
  ...timers.map((timer): UnitEvent => ({ kind: "timed-out", generation, timer })),
  { kind: "ended", generation, exit: { kind: "exited", code: 0 }, cause },
  { kind: "ended", generation, exit: { kind: "exited", code: 1 }, cause },
  { kind: "ended", generation, exit: { kind: "signaled", signal: "SIGSEGV" }, cause },
  { kind: "ended", generation, exit: { kind: "unknown" }, cause },
  {
    kind: "ended",
    generation,
    exit: { kind: "spawn-failed", code: "EAGAIN", message: "no more processes" },
    cause: { ...cause, kind: "config" },
  },
);

/** Every unit is asked to come to rest before it is stopped. */
const patience = { quiesce: () => Promise.resolve() };
const names = ["server", "worker@gpu", "service@db"] as const;

const move = fc.oneof(
  { weight: 30, arbitrary: fc.record({ unit: fc.constantFrom(...names), event }) },
  { weight: 2, arbitrary: fc.record({ declare: fc.subarray([...names]) }) },
  { weight: 5, arbitrary: fc.record({ userSeconds: fc.nat(1_000) }) },
  { weight: 5, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 700_000 }) }) },
);

const counterNames = families.filter(([, { type }]) => type === "counter").map(([name]) => name);
const histogramParts = families
  .filter(([, { type }]) => type === "histogram")
  .flatMap(([name]) => ["bucket", "sum", "count"].map((part) => `${name}_${part}`));
const neverFall: ReadonlySet<string> = new Set([...counterNames, ...histogramParts]);
const stateSets: ReadonlySet<string> = new Set(
  families.flatMap(([name, family]) =>
    family.type === "gauge" && family.oneOf !== undefined && "unit" in family.labels ? [name] : [],
  ),
);

type Scrape = ReadonlyMap<string, number>;

const nameOf = (series: string): string => series.replace(/\{.*/, "");
const unitOf = (series: string): string | undefined => /unit="([^"]*)"/.exec(series)?.[1];

/** State sets of a unit in which not exactly one series is 1. */
function brokenSets(values: Scrape, units: readonly string[]): readonly string[] {
  const sums = new Map<string, number>(
    [...stateSets].flatMap((name) => units.map((unit) => [`${name} of ${unit}`, 0] as const)),
  );
  for (const [series, value] of values) {
    const name = nameOf(series);
    if (!stateSets.has(name)) continue;
    const set = `${name} of ${unitOf(series)}`;
    sums.set(set, (sums.get(set) ?? 0) + (value === 0 || value === 1 ? value : Number.NaN));
  }
  return [...sums].filter(([, sum]) => sum !== 1).map(([set]) => set);
}

const fallen = (before: Scrape, after: Scrape): readonly string[] =>
  [...after]
    .filter(([series, value]) => neverFall.has(nameOf(series)) && value < (before.get(series) ?? 0))
    .map(([series]) => series);

test("whatever happens to units, what is told of them holds together", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 60 }), async (moves) => {
      const rig = new Rig();
      let declared: readonly string[] = names;
      const declare = () => rig.declare(declared.map((name) => unitSpec(name, patience)));
      declare();
      let before: Scrape = new Map();
      for (const step of moves) {
        if ("event" in step) rig.send(step.unit, step.event);
        if ("pass" in step) rig.now += step.pass;
        if ("declare" in step) {
          declared = step.declare;
          declare();
        }
        if ("userSeconds" in step) {
          for (const name of names) {
            const { pid } = rig.unit(name);
            if (pid !== undefined) rig.samples.set(pid, { ...sample, ...step });
          }
        }

        // `parse` throws at a series that comes twice.
        const now = parse(await rig.metrics.render());
        const told = new Set([...now.keys()].flatMap((series) => unitOf(series) ?? []));
        expect([...told].toSorted(), "units told of").toEqual(declared.toSorted());
        expect(brokenSets(now, declared)).toEqual([]);
        expect([...now.values()].some(Number.isNaN)).toBe(false);
        // A unit that goes takes its counts along.
        if (!("declare" in step)) expect(fallen(before, now)).toEqual([]);
        before = now;
      }
    }),
    { numRuns: 100 },
  );
}, 30_000);
