import { expect, test } from "vitest";
import { ProcessSampler } from "../../src/metrics/process-sampler.ts";
import { ms } from "../../src/supervision/time.ts";
import { initial } from "../../src/supervision/unit-state.ts";
import { unitSpec } from "../support/unit-specs.ts";
import { sample } from "./rig.ts";

const views = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    spec: unitSpec(`unit-${index}`),
    state: { ...initial, spawns: 1 },
    pid: index + 1,
  }));

test.each([
  ["20 units once a second", 20, [0, 300, 600, 900, 1_000, 1_999, 2_000], 3],
  ["100 units once a second", 100, [0, 999, 1_000], 2],
  ["1,000 units every ten seconds", 1_000, [0, 1_000, 5_000, 9_999, 10_000, 19_999], 2],
])("however often one asks, it looks at %s", async (_, count, times, expected) => {
  let looks = 0;
  const sampler = new ProcessSampler(() => {
    looks += 1;
    return () => sample;
  });
  for (const time of times) await sampler.refresh(views(count), ms(time));
  expect(looks).toBe(expected);
});

test("a process that is gone, or that took the place of another, has no sample", async () => {
  const sampler = new ProcessSampler(() => (pid) => (pid === 1 ? sample : undefined));
  const [one, gone] = views(2);
  if (one === undefined || gone === undefined) throw new Error("no views");
  await sampler.refresh([one, gone], ms(0));
  expect(sampler.of(one)).toEqual({ ...sample, spawn: 1 });
  expect(sampler.of(gone)).toBeUndefined();
  expect(sampler.of({ ...one, state: { ...one.state, spawns: 2 } })).toBeUndefined();
  expect(sampler.of({ ...one, pid: undefined })).toBeUndefined();
});
