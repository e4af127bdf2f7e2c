import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createNetServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ControlClient } from "../../src/control/client.ts";
import { ask } from "../../src/control/socket-request.ts";
import { explainUnreachable } from "../../src/control/unreachable.ts";
import { eventually } from "./support/eventually.ts";
import { crashed, FakePlane, flowRun, pool, statusOf, unit } from "./support/fake-plane.ts";
import { socketOf } from "./support/servers.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const never = new AbortController().signal;
const plane = () => new FakePlane(statusOf([unit("server")]));

test("asks for the status, orders, and lets reload", async () => {
  const asked = plane();
  const stateDir = temporaryFolder();
  await socketOf(asked, stateDir);
  const client = new ControlClient(stateDir);
  expect(await client.status(never)).toEqual({ kind: "answered", value: asked.now });
  expect(await client.order("stop", ["server"], never)).toEqual({
    kind: "answered",
    value: { kind: "done", units: ["server"] },
  });
  expect(await client.order("stop", ["x"], never)).toEqual({
    kind: "answered",
    value: { kind: "unknown-unit", name: "x", known: ["server"] },
  });
  asked.reloaded = { kind: "faulty", faults: ["no"] };
  expect(await client.reload(never)).toEqual({ kind: "answered", value: asked.reloaded });
});

test("asks for the flow runs, and orders what concerns them", async () => {
  const asked = new FakePlane(statusOf([], { pools: [pool("vm-runs")] }));
  asked.flowRuns = [flowRun("calm-otter")];
  const stateDir = temporaryFolder();
  await socketOf(asked, stateDir);
  const client = new ControlClient(stateDir);
  const answered = (value: unknown) => ({ kind: "answered", value });
  const done = { kind: "done", pools: ["vm-runs"] };
  const unknown = { kind: "unknown-pool", name: "x", known: ["vm-runs"] };
  expect(await client.runs(never)).toEqual(answered({ version: 1, runs: asked.flowRuns }));
  expect(await client.cancelRun("calm-otter", never)).toEqual(answered({ kind: "done" }));
  expect(await client.recoverRuns(never)).toEqual(answered({ kind: "done", settled: [] }));
  expect(await client.drain(["vm-runs"], 5, never)).toEqual(answered(done));
  expect(await client.drain(["x"], null, never)).toEqual(answered(unknown));
  expect(await client.resume(["vm-runs"], never)).toEqual(answered(done));
  expect(await client.reexec(never)).toEqual(answered({ kind: "accepted" }));
  expect(asked.asked).toEqual([
    ["cancel", "calm-otter"],
    ["recover"],
    ["drain", ["vm-runs"], 5],
    ["resume", ["vm-runs"]],
    ["reexec"],
  ]);
});

describe("a daemon that cannot be reached", () => {
  test("because it does not run", async () => {
    const stateDir = temporaryFolder();
    expect(await new ControlClient(stateDir).status(never)).toMatchObject({
      kind: "unreachable",
      why: `the daemon does not run for the state folder ${stateDir}`,
      cure: expect.stringContaining("systemctl start"),
    });
  });

  test("because the state folder is not even there", async () => {
    const client = new ControlClient("/nowhere/at/all");
    expect(await client.status(never)).toMatchObject({ kind: "unreachable" });
    for await (const answer of client.statuses(1, never))
      expect(answer).toMatchObject({ kind: "unreachable" });
  });

  test("because the user may not: says the group", () => {
    const { cure } = explainUnreachable("EACCES", "/nowhere", "/");
    expect(cure).toContain("group root ");
    expect(explainUnreachable("EACCES", "/nowhere", "/nowhere").cure).toContain("sudo");
  });

  test("because it answers what is no answer", async () => {
    const stateDir = await answering("nonsense");
    expect(await new ControlClient(stateDir).status(never)).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("nonsense"),
    });
    const other = await answering('{"version":2,"units":[]}');
    expect(await new ControlClient(other).status(never)).toMatchObject({ kind: "refused" });
  });

  test("because it accepts and says nothing", async () => {
    const socket = join(temporaryFolder(), "control.sock");
    const mute = createNetServer(() => undefined).listen(socket);
    onTestFinished(() => void mute.close());
    await once(mute, "listening");
    const answer = await ask({ socket, method: "GET", path: "/", timeoutMs: 1, signal: never });
    expect(answer).toEqual({ kind: "failed", code: "ETIMEDOUT" });
  });

  test("because it goes away in the middle", async () => {
    const socket = join(temporaryFolder(), "control.sock");
    const rude = createNetServer((connection) => connection.destroy()).listen(socket);
    onTestFinished(() => void rude.close());
    await once(rude, "listening");
    const answer = await ask({ socket, method: "GET", path: "/", timeoutMs: 9999, signal: never });
    expect(answer.kind).toBe("failed");
  });
});

describe("the status after each change", () => {
  test("until the daemon goes", async () => {
    const asked = plane();
    const stateDir = temporaryFolder();
    const server = await socketOf(asked, stateDir);
    const seen: string[] = [];
    for await (const answer of new ControlClient(stateDir).statuses(1_000_000, never)) {
      seen.push(
        answer.kind === "answered" ? (answer.value.units[0]?.state ?? "none") : answer.kind,
      );
      if (seen.length === 1) asked.become(crashed("server"));
      if (seen.length === 2) asked.become(unit("server", { state: "starting" }));
      if (seen.length === 3) void server[Symbol.asyncDispose]();
    }
    expect(seen).toEqual(["running", "backoff", "starting", "unreachable"]);
  });

  test("a thousand changes while one is looked at are one more look", async () => {
    const asked = plane();
    const stateDir = temporaryFolder();
    await socketOf(asked, stateDir);
    let reads = 0;
    asked.reads.addEventListener("read", () => (reads += 1));
    const leaving = new AbortController();
    for await (const answer of new ControlClient(stateDir).statuses(1_000_000, leaving.signal)) {
      if (answer.kind !== "answered" || answer.value.units[0]?.restarts === 1000) break;
      for (let i = 1; i <= 1000; i += 1) asked.become(unit("server", { restarts: i }));
    }
    expect(reads).toBeLessThan(10);
    await eventually(() => asked.listeners.size).toBe(0);
  });

  test("and no more after the last", async () => {
    const asked = plane();
    const stateDir = temporaryFolder();
    await socketOf(asked, stateDir);
    const client = new ControlClient(stateDir);
    const leaving = new AbortController();
    let looks = 0;
    const over = (async () => {
      for await (const _ of client.statuses(1_000_000, leaving.signal)) {
        looks += 1;
        if (looks === 1) asked.become(crashed("server"));
      }
    })();
    await eventually(() => looks).toBe(2);
    // Time for many more.
    for (let i = 0; i < 10; i += 1) await client.status(never);
    leaving.abort();
    await over;
    expect(looks).toBe(2);
  });

  test("and without one, after a while", async () => {
    const stateDir = temporaryFolder();
    await socketOf(plane(), stateDir);
    let looks = 0;
    for await (const _ of new ControlClient(stateDir).statuses(1, never)) {
      looks += 1;
      if (looks === 3) break;
    }
    expect(looks).toBe(3);
  });
});

async function answering(body: string): Promise<string> {
  const stateDir = temporaryFolder();
  const server = createServer((_, response) => response.end(body));
  server.listen(join(stateDir, "control.sock"));
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return stateDir;
}
