import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Growth, nextLook, usualPace } from "../../src/host/output-pace.ts";
import { minutes, ms, seconds } from "../../src/supervision/time.ts";

const mebibyte = 1024 * 1024;
const quiet: Growth = {
  addedBytes: 0,
  within: seconds(4),
  roomBytes: 8 * mebibyte,
  quietFor: seconds(4),
  isRestless: false,
};
const look = (pause: number) => ({ kind: "look", in: pause });

test.each([
  ["a line now and then", { addedBytes: 100 }, look(4_000)],
  ["ten lines a second", { addedBytes: 4_000 }, look(4_000)],
  ["1 MiB a second", { addedBytes: 4 * mebibyte, roomBytes: 4 * mebibyte }, look(2_000)],
  ["the same, nearly full", { addedBytes: 4 * mebibyte, roomBytes: 40_960 }, look(20)],
  ["100 MiB a second", { addedBytes: 25 * mebibyte, within: ms(250) }, look(40)],
  ["a line soon after the first", { addedBytes: 100, within: ms(250) }, look(500)],
  ["a flood that stalls", { addedBytes: 100, within: ms(40) }, look(80)],
  ["nothing", {}, { kind: "rest" }],
  ["it was emptied", { addedBytes: -100 }, { kind: "rest" }],
  ["nothing yet, and it is restless", { isRestless: true }, look(4_000)],
  ["the same, just woken", { isRestless: true, within: ms(250) }, look(500)],
  ["nothing for a minute", { isRestless: true, quietFor: minutes(1) }, { kind: "rest" }],
] as const)("%s", (_, growth, next) => {
  expect(nextLook(usualPace, { ...quiet, ...growth })).toEqual(next);
});

test("at a steady pace, no file is more than one shortest pause beyond its measure", () => {
  const limit = 8 * mebibyte;
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 500_000, noNaN: true }), (bytesPerMs) => {
      let size = bytesPerMs * usualPace.firstPause;
      let within: number = usualPace.firstPause;
      for (let looks = 0; size < limit && looks < 10_000; looks += 1) {
        const addedBytes = bytesPerMs * within;
        const growth = { addedBytes, within: ms(within), roomBytes: limit - size };
        const next = nextLook(usualPace, { ...quiet, ...growth });
        within = next.kind === "look" ? next.in : expect.unreachable();
        size += bytesPerMs * within;
      }
      const first = bytesPerMs * usualPace.firstPause;
      expect(size).toBeLessThanOrEqual(
        Math.max(first, limit + bytesPerMs * usualPace.shortestPause),
      );
    }),
  );
});
