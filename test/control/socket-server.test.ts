import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { ControlClient } from "../../src/control/client.ts";
import { findSocket, placeSocket } from "../../src/control/socket-place.ts";
import { openSocketServer } from "../../src/control/socket-server.ts";
import { FakePlane, flowRun, pool, statusOf, unit } from "./support/fake-plane.ts";
import { socketOf } from "./support/servers.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const plane = () =>
  new FakePlane(statusOf([unit("server"), unit("worker@vm")], { pools: [pool("vm-runs")] }));
const never = new AbortController().signal;

async function post(socketPath: string, path: string, body: string, headers = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ socketPath, path, method: "POST", headers, agent: false }, resolve)
    .on("error", reject)
    .end(body);
  const response = await promise;
  return { status: response.statusCode, body: await text(response) };
}

describe("orders", () => {
  test.each(["start", "stop", "restart"] as const)("%s reaches the daemon", async (verb) => {
    const asked = plane();
    const { path } = await socketOf(asked, temporaryFolder());
    const response = await post(path, `/api/v1/${verb}`, '{"units":["server","worker@vm"]}');
    expect(response.status).toBe(200);
    expect(asked.orders).toEqual([[verb, ["server", "worker@vm"]]]);
  });

  test.each([
    ["no JSON", "{", 400],
    ["nothing", "", 400],
    ["no object", "[]", 400],
    ["null", "null", 400],
    ["no units", "{}", 400],
    ["no unit", '{"units":[]}', 400],
    ["an empty name", '{"units":[""]}', 400],
    ["a number", '{"units":[1]}', 400],
    ["a field too much", '{"units":["server"],"force":true}', 400],
    ["a unit that is not there", '{"units":["server","worker@x"]}', 404],
    ["70 kB", `{"units":["${"x".repeat(70_000)}"]}`, 413],
    ["just under 64 KiB", `{"units":["${"x".repeat(65_500)}"]}`, 404],
  ])("%s is refused, and nothing is done", async (_, body, status) => {
    const asked = plane();
    const { path } = await socketOf(asked, temporaryFolder());
    const response = await post(path, "/api/v1/stop", body);
    expect(response.status).toBe(status);
    expect(response.body).not.toMatch(/\.ts:\d/);
    expect(asked.orders).toEqual([]);
  });

  test("a body that breaks off is no order", async () => {
    const asked = plane();
    const { path } = await socketOf(asked, temporaryFolder());
    const broken = request({
      socketPath: path,
      path: "/api/v1/stop",
      method: "POST",
      headers: { "Content-Length": 1000 },
      agent: false,
    });
    const closed = new Promise((resolve) => broken.on("error", resolve));
    await new Promise<void>((resolve) => broken.write('{"units":["server"]}', () => resolve()));
    broken.destroy();
    await closed;
    const { status } = await post(path, "/api/v1/start", '{"units":["server"]}');
    expect(status).toBe(200);
    expect(asked.orders).toEqual([["start", ["server"]]]);
  });

  test("reload says what it did, or the faults", async () => {
    const asked = plane();
    const { path } = await socketOf(asked, temporaryFolder());
    expect(await post(path, "/api/v1/reload", "")).toMatchObject({ status: 200 });
    expect(await post(path, "/api/v1/reload", "{}")).toMatchObject({ status: 200 });
    expect(await post(path, "/api/v1/reload", '{"now":1}')).toMatchObject({ status: 400 });
    asked.reloaded = { kind: "faulty", faults: ["config.yaml:3: no"] };
    const refused = await post(path, "/api/v1/reload", "");
    expect(refused.status).toBe(422);
    expect(JSON.parse(refused.body)).toEqual(asked.reloaded);
  });

  test.each([
    { Origin: "http://evil.example" },
    { Origin: "null" },
    { "Sec-Fetch-Site": "same-origin" },
    { "sec-fetch-mode": "cors" },
  ])("a browser may not: %o", async (headers) => {
    const asked = plane();
    const { path } = await socketOf(asked, temporaryFolder());
    const response = await post(path, "/api/v1/stop", '{"units":["server"]}', headers);
    expect(response.status).toBe(403);
    expect(asked.orders).toEqual([]);
  });
});

describe("orders for flow runs, pools, and the daemon itself", () => {
  test.each([
    ["runs/cancel", '{"run":"calm-otter"}', 200, ["cancel", "calm-otter"]],
    ["runs/recover", "", 200, ["recover"]],
    ["runs/recover", "{}", 200, ["recover"]],
    ["drain", '{"pools":["vm-runs"],"timeoutMs":1000}', 200, ["drain", ["vm-runs"], 1000]],
    ["drain", '{"pools":["vm-runs"],"timeoutMs":null}', 200, ["drain", ["vm-runs"], null]],
    ["resume", '{"pools":["vm-runs"]}', 200, ["resume", ["vm-runs"]]],
    ["reexec", "", 202, ["reexec"]],
  ])("%s %s reaches the daemon", async (path, body, status, order) => {
    const asked = plane();
    const server = await socketOf(asked, temporaryFolder());
    expect(await post(server.path, `/api/v1/${path}`, body)).toMatchObject({ status });
    expect(asked.asked).toEqual([order]);
  });

  test.each([
    ["runs/cancel", "", '{"run":"ID or NAME"}'],
    ["runs/cancel", '{"run":""}', '{"run":"ID or NAME"}'],
    ["runs/cancel", '{"run":["a"]}', '{"run":"ID or NAME"}'],
    ["runs/cancel", '{"run":"a","force":true}', "force"],
    ["runs/recover", '{"run":"a"}', "not empty"],
    ["runs/recover", "now", "not empty"],
    ["drain", '{"pools":["vm-runs"]}', "timeoutMs"],
    ["drain", '{"pools":[],"timeoutMs":null}', "pools"],
    ["drain", '{"pools":["vm-runs"],"timeoutMs":-1}', "timeoutMs"],
    ["drain", '{"pools":["vm-runs"],"timeoutMs":1.5}', "timeoutMs"],
    ["drain", '{"pools":["vm-runs"],"timeoutMs":2147483648}', "timeoutMs"],
    ["drain", '{"pools":["vm-runs"],"timeoutMs":"12h"}', "timeoutMs"],
    ["resume", '{"pools":["vm-runs"],"timeoutMs":null}', "timeoutMs"],
    ["resume", '{"pools":"vm-runs"}', "pools"],
    ["reexec", '{"units":["server"]}', "not empty"],
  ])("%s %s is refused with what is wrong, and nothing is done", async (path, body, said) => {
    const asked = plane();
    const server = await socketOf(asked, temporaryFolder());
    const response = await post(server.path, `/api/v1/${path}`, body);
    expect(response.status).toBe(400);
    expect(response.body).toContain(said);
    expect(asked.asked).toEqual([]);
  });

  test("what came of it is told by the status, too", async () => {
    const asked = plane();
    const { path } = await socketOf(asked, temporaryFolder());
    const cancel = () => post(path, "/api/v1/runs/cancel", '{"run":"a"}');
    asked.cancelled = { kind: "unknown-run", run: "a" };
    expect(await cancel()).toMatchObject({ status: 404 });
    asked.cancelled = { kind: "ambiguous", runs: [flowRun("a"), flowRun("ab")] };
    expect(await cancel()).toMatchObject({ status: 409 });
    asked.cancelled = { kind: "failed", why: "Prefect does not answer" };
    expect(await cancel()).toMatchObject({ status: 503 });
    const drain = '{"pools":["vm-rums"],"timeoutMs":null}';
    expect(await post(path, "/api/v1/drain", drain)).toMatchObject({
      status: 404,
      body: `${JSON.stringify({ kind: "unknown-pool", name: "vm-rums", known: ["vm-runs"] })}\n`,
    });
    asked.replaced = { kind: "failed", why: "it was built without execve" };
    expect(await post(path, "/api/v1/reexec", "")).toMatchObject({ status: 503 });
  });
});

describe("the socket", () => {
  test("is for its owner and its group, and the umask is as before", async () => {
    const before = process.umask();
    const { path } = await socketOf(plane(), temporaryFolder());
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(process.umask()).toBe(before);
  });

  test("goes with its daemon", async () => {
    const stateDir = temporaryFolder();
    const server = await socketOf(plane(), stateDir);
    await server[Symbol.asyncDispose]();
    expect(readdirSync(stateDir)).toEqual([]);
  });

  test("of a daemon that was killed is taken over", async () => {
    const stateDir = temporaryFolder();
    await leaveSocket(join(stateDir, "control.sock"));
    expect(lstatSync(join(stateDir, "control.sock")).isSocket()).toBe(true);
    await socketOf(plane(), stateDir);
    expect(await new ControlClient(stateDir).status(never)).toMatchObject({ kind: "answered" });
  });

  test("of a daemon that lives is left alone", async () => {
    const stateDir = temporaryFolder();
    await socketOf(plane(), stateDir);
    const second = await open(stateDir);
    expect(second).toMatchObject({ kind: "failed", why: expect.stringContaining("already runs") });
    expect(await new ControlClient(stateDir).status(never)).toMatchObject({ kind: "answered" });
  });

  test("does not take the place of a file", async () => {
    const stateDir = temporaryFolder();
    writeFileSync(join(stateDir, "control.sock"), "mine");
    expect(await open(stateDir)).toMatchObject({
      kind: "failed",
      why: expect.stringContaining("is no socket"),
    });
    expect(statSync(join(stateDir, "control.sock")).size).toBe(4);
  });

  test("that cannot be made says why", async () => {
    const failed = await open(join(temporaryFolder(), "missing"));
    expect(failed).toMatchObject({ kind: "failed", why: expect.stringContaining("control.sock") });
  });
});

describe("a socket elsewhere", () => {
  test("in systemd's folder, found by the state folder", async () => {
    const [stateDir, runtimeDirectory] = [temporaryFolder(), temporaryFolder()];
    const server = await socketOf(plane(), stateDir, {
      runtimeDirectory: `${runtimeDirectory}:/run/other`,
    });
    expect(server.path).toBe(join(runtimeDirectory, "control.sock"));
    expect(readlinkSync(join(stateDir, "control.sock"))).toBe(server.path);
    expect(await new ControlClient(stateDir).status(never)).toMatchObject({ kind: "answered" });
    await server[Symbol.asyncDispose]();
    expect([...readdirSync(stateDir), ...readdirSync(runtimeDirectory)]).toEqual([]);
  });

  test("in a folder of its own where the path is too long, and both are found and removed", async () => {
    const temporary = temporaryFolder();
    const stateDir = join(temporaryFolder(), "x".repeat(100), "y".repeat(100));
    mkdirSync(stateDir, { recursive: true });
    const server = await socketOf(plane(), stateDir, { temporary });
    expect(statSync(join(server.path, "..")).mode & 0o777).toBe(0o700);
    expect(await new ControlClient(stateDir).status(never)).toMatchObject({ kind: "answered" });
    await server[Symbol.asyncDispose]();
    expect([...readdirSync(stateDir), ...readdirSync(temporary)]).toEqual([]);
  });

  test("the folder that a killed daemon left behind goes, too", async () => {
    const temporary = temporaryFolder();
    const stateDir = join(temporaryFolder(), "x".repeat(120));
    mkdirSync(stateDir);
    const former = join(temporary, "sails-supervisor-abc123");
    mkdirSync(former);
    await leaveSocket(join(former, "control.sock"));
    symlinkSync(join(former, "control.sock"), join(stateDir, "control.sock"));
    await socketOf(plane(), stateDir, { temporary });
    expect(existsSync(former)).toBe(false);
  });

  test.each(["dangling", "to a dead socket"])("a link that is %s is replaced", async (kind) => {
    const [stateDir, old] = [temporaryFolder(), temporaryFolder()];
    const target = join(old, "control.sock");
    if (kind !== "dangling") await leaveSocket(target);
    symlinkSync(target, join(stateDir, "control.sock"));
    const server = await socketOf(plane(), stateDir);
    expect(findSocket(stateDir)).toBe(server.path);
    expect(await new ControlClient(stateDir).status(never)).toMatchObject({ kind: "answered" });
  });

  test("that lives is left alone when the next daemon would have its socket in the state folder", async () => {
    const [stateDir, runtimeDirectory] = [temporaryFolder(), temporaryFolder()];
    await socketOf(plane(), stateDir, { runtimeDirectory });
    expect(await open(stateDir)).toMatchObject({ kind: "failed" });
  });
});

describe("where it goes", () => {
  const long = `/${"ä".repeat(60)}`;
  test.each([
    ["/var/lib/x", undefined, "/tmp", "in-state-folder"],
    ["/var/lib/x", "", "/tmp", "in-state-folder"],
    ["/var/lib/x", "/run/x", "/tmp", "in-runtime-folder"],
    ["/var/lib/x", "/var/lib/x", "/tmp", "in-state-folder"],
    ["/var/lib/x", long, "/tmp", "in-state-folder"],
    [long, "/run/x", "/tmp", "in-runtime-folder"],
    [long, undefined, "/tmp", "in-fresh-folder"],
    [long, undefined, long, "nowhere"],
    // 107 bytes and 108.
    [`/${"x".repeat(93)}`, undefined, "/tmp", "in-state-folder"],
    [`/${"x".repeat(94)}`, undefined, "/tmp", "in-fresh-folder"],
  ])("case %#", (stateDir, runtimeDirectory, temporary, kind) => {
    expect(placeSocket({ stateDir, runtimeDirectory, temporary }).kind).toBe(kind);
  });
});

function open(stateDir: string) {
  const place = placeSocket({ stateDir, runtimeDirectory: undefined, temporary: "/tmp" });
  if (place.kind === "nowhere") throw new Error(place.why);
  return openSocketServer({ plane: plane(), place, stateDir, report: () => undefined });
}

/** A process listens on it and is killed: the file stays. */
async function leaveSocket(path: string): Promise<void> {
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("listening"))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
}
