import { expect, test } from "vitest";
import { toLines } from "../../src/host/output-lines.ts";
import { fixture, RealLauncher } from "./real-launcher.ts";

test("any bytes become lines that steer no terminal", async () => {
  await using launcher = new RealLauncher();
  const { lastLines } = await launcher.launch([fixture("odd-bytes.sh")]).ended;
  expect(lastLines).toEqual([
    "bad \uFFFD\uFFFD bytes",
    "red and  bell",
    "100 %",
    "a    tab, no end of line é",
  ]);
});

test("a line of 10 MB is cut, and does not hide the one after it", async () => {
  await using launcher = new RealLauncher();
  const alone = await launcher.launch([fixture("long-line.sh")], {}, "alone").ended;
  expect(alone.lastLines).toEqual([`…${"x".repeat(2047)}…`]);
  const followed = await launcher.launch([fixture("long-line.sh"), "end"], {}, "followed").ended;
  expect(followed.lastLines).toEqual(["end"]);
});

test("of many lines the newest twenty are kept", async () => {
  await using launcher = new RealLauncher();
  const { lastLines } = await launcher.launch([fixture("twenty-five-lines.sh")]).ended;
  expect(lastLines).toEqual(Array.from({ length: 20 }, (_, index) => String(index + 6)));
});

test("a child that says nothing is not given the words of its predecessor", async () => {
  await using launcher = new RealLauncher();
  const crashed = await launcher.launch([fixture("crasher.sh")]).ended;
  expect(crashed.lastLines.at(-1)).toBe("ModuleNotFoundError: No module named 'canfar'");
  expect((await launcher.launch(["/bin/false"]).ended).lastLines).toEqual([]);
});

test.each([
  ["", false, []],
  ["\n\n", false, []],
  ["one\ntwo", false, ["one", "two"]],
  ["ne\ntwo", true, ["two"]],
  ["ne\n", true, ["…ne"]],
] as const)("%j, cut: %s", (text, isCut, lines) => {
  expect(toLines(Buffer.from(text), isCut)).toEqual(lines);
});
