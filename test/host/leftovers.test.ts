import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { endLeftovers, type LeftoverRules } from "../../src/host/leftovers.ts";

/** Says `ready`, and then `asked` for each SIGTERM; goes with the first, or is deaf. */
async function marked(value: string, more: Readonly<Record<string, string>> = {}, isDeaf = false) {
  const script = `trap 'echo asked; ${isDeaf ? "" : "exit 0"}' TERM; echo ready; while :; do read -r line; done`;
  const child = spawn("sh", ["-c", script], { env: { MARK: value, ...more }, stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  while (!said.includes("ready")) await once(child.stdout, "data");
  return { child, said: () => said };
}

async function endedBy(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  return child.signalCode ?? child.exitCode;
}

const rules = (value: string, more: Partial<LeftoverRules> = {}): LeftoverRules => ({
  variable: "MARK",
  value,
  patienceMs: 200,
  ...more,
});

test("what bears the mark is asked to go, and killed if it does not; others are left alone", async () => {
  const mark = randomUUID();
  const [polite, deaf, other] = await Promise.all([
    marked(mark),
    marked(mark, {}, true),
    marked(randomUUID()),
  ]);
  expect(await endLeftovers(rules(mark))).toEqual({ ended: 2, left: [] });
  expect(await endedBy(polite.child)).toBe(0);
  expect(polite.said()).toContain("asked");
  expect(await endedBy(deaf.child)).toBe("SIGKILL");
  expect(other.child.exitCode ?? other.child.signalCode).toBeNull();
});

test("what SIGTERM would bring to do harm is killed without it, and what is spared is spared", async () => {
  const mark = randomUUID();
  const [worker, flow] = await Promise.all([marked(mark), marked(mark, { FLOW: "x" })]);
  const ended = await endLeftovers(
    rules(mark, {
      isSpared: ({ variables }) => variables.has("FLOW"),
      isKilledAtOnce: ({ pid }) => pid === worker.child.pid,
    }),
  );
  expect(ended).toEqual({ ended: 1, left: [] });
  expect(await endedBy(worker.child)).toBe("SIGKILL");
  expect(worker.said()).not.toContain("asked");
  expect(flow.child.exitCode ?? flow.child.signalCode).toBeNull();
});
