import { expect, test } from "vitest";
import { LiveBlock } from "../../src/cli/live-block.ts";
import { fakeContext } from "./support/fake-context.ts";

test("lines are drawn over the former ones, and what is left of those is wiped out", async () => {
  const { out } = fakeContext({ isTerminal: true });
  const block = new LiveBlock(out);
  await block.draw(["one", "two"]);
  await block.draw(["three"]);
  await block.clear();
  await block.clear();
  expect(out.text).toBe(
    [
      "one\u001b[K\ntwo\u001b[K\n\u001b[J",
      "\u001b[2Athree\u001b[K\n\u001b[J",
      "\u001b[1A\u001b[J",
    ].join(""),
  );
});

test("what is wider than the terminal is cut, and what is higher is counted", async () => {
  const { out } = fakeContext({ isTerminal: true });
  const block = new LiveBlock(out);
  await block.draw(["x".repeat(200), ...Array.from({ length: 30 }, (_, i) => `line ${i}`)]);
  const lines = out.text.split("\u001b[K\n");
  expect(lines[0]).toBe(`${"x".repeat(78)}…`);
  // 24 rows: 23 lines, and the cursor beneath them.
  expect(lines).toHaveLength(24);
  expect(lines[22]).toBe("… and 9 more lines");
  await block.clear();
  expect(out.text).toContain("\u001b[23A\u001b[J");
});
