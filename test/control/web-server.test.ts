import { connect } from "node:net";
import { text as readAll } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { openWebServer } from "../../src/control/web-server.ts";
import { crashed, FakePlane, flowRun, statusOf, unit } from "./support/fake-plane.ts";
import { webOf } from "./support/servers.ts";

const plane = () => new FakePlane(statusOf([unit("server"), unit("worker@vm")]));

const paths = [
  "/",
  "/metrics",
  "/livez",
  "/healthz",
  "/-/healthy",
  "/readyz",
  "/readyz/server",
  "/readyz/unit/worker@vm",
  "/-/ready",
  "/api/v1/status",
  "/api/v1/runs",
];

describe("what is there", () => {
  test.each(paths)("GET and HEAD %s", async (path) => {
    const web = await webOf(plane());
    const got = await fetch(web + path);
    const body = await got.text();
    expect(got.status).toBe(200);
    expect(body).not.toBe("");
    expect(got.headers.get("cache-control")).toBe("no-store");
    expect(got.headers.get("x-content-type-options")).toBe("nosniff");
    expect(got.headers.get("content-length")).toBe(String(Buffer.byteLength(body)));

    const head = await fetch(web + path, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    expect(head.headers.get("content-length")).toBe(got.headers.get("content-length"));
    expect(head.headers.get("content-type")).toBe(got.headers.get("content-type"));
  });

  test.each([
    ["/", "text/html; charset=utf-8"],
    ["/metrics", "text/plain; version=0.0.4; charset=utf-8"],
    ["/livez", "text/plain; charset=utf-8"],
    ["/readyz?verbose", "text/plain; charset=utf-8"],
    ["/api/v1/status", "application/json"],
    ["/api/v1/runs", "application/json"],
  ])("%s is %s", async (path, type) => {
    const response = await fetch((await webOf(plane())) + path);
    await response.body?.cancel();
    expect(response.headers.get("content-type")).toBe(type);
  });

  test("the status is what the daemon says, also of 1000 units", async () => {
    const many = new FakePlane(
      statusOf(Array.from({ length: 1000 }, (_, i) => unit(`service@s${i}`))),
    );
    const response = await fetch(`${await webOf(many)}/api/v1/status`);
    expect(await response.json()).toEqual(many.now);
  });

  test("the flow runs are what the daemon says", async () => {
    const asked = plane();
    asked.flowRuns = [flowRun("calm-otter"), flowRun(null)];
    const response = await fetch(`${await webOf(asked)}/api/v1/runs`);
    expect(await response.json()).toEqual({ version: 1, runs: asked.flowRuns });
  });

  test("a daemon that is stuck is not alive, its children notwithstanding", async () => {
    const stuck = plane();
    stuck.isAlive = false;
    const web = await webOf(stuck);
    expect((await fetch(`${web}/livez`)).status).toBe(503);
    expect((await fetch(`${web}/-/healthy`)).status).toBe(503);
    expect((await fetch(`${web}/readyz`)).status).toBe(200);
  });
});

describe("readiness", () => {
  const sick = () => new FakePlane(statusOf([unit("server"), crashed("worker@vm")]));

  test.each([
    ["/readyz", 503],
    ["/-/ready", 503],
    ["/livez", 200],
    ["/readyz/server", 200],
    ["/readyz/worker@vm", 503],
    ["/readyz/supervisor", 200],
    ["/readyz/worker@other", 404],
    ["/readyz?exclude=worker@vm", 200],
    ["/readyz?exclude=server", 503],
    ["/readyz?exclude=server&exclude=unit/worker@vm", 200],
  ])("%s with a worker that crashes: %i", async (path, status) => {
    const response = await fetch((await webOf(sick())) + path);
    await response.body?.cancel();
    expect(response.status).toBe(status);
  });

  test("says why, whether or not it is asked to, and little when all is well", async () => {
    const web = await webOf(sick());
    const lines = (await (await fetch(`${web}/readyz`)).text()).trimEnd().split("\n");
    expect(lines.at(-2)).toMatch(/^\[-\]unit\/worker@vm failed: backoff: exited with status 1/);
    expect(lines.at(-1)).toBe("readyz check failed");
    const well = await webOf(plane());
    expect(await (await fetch(`${well}/readyz`)).text()).toBe("ok\n");
    expect(await (await fetch(`${well}/readyz?verbose`)).text()).toContain("[+]unit/server ok\n");
  });
});

describe("what is refused", () => {
  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s, everywhere", async (method) => {
    const asked = plane();
    const web = await webOf(asked);
    const orders = ["start", "reload", "runs/cancel", "runs/recover", "drain", "resume", "reexec"];
    const ordering = orders.map((order) => `/api/v1/${order}`);
    for (const path of ["/", "/api/v1/runs", ...ordering, "/-/reload", "/nothing"]) {
      const response = await fetch(web + path, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("GET, HEAD");
      expect(await response.text()).toContain("control socket");
    }
    expect([...asked.orders, ...asked.asked]).toEqual([]);
  });

  test("a path that is not there, or none at all", async () => {
    const web = await webOf(plane());
    expect((await fetch(`${web}/api/v1/start`)).status).toBe(404);
    expect((await fetch(`${web}/%zz`)).status).toBe(400);
  });

  test("what is no HTTP, without harm to the next", async () => {
    const web = await webOf(plane());
    const socket = connect(Number(new URL(web).port), "127.0.0.1");
    socket.write("\u0016\u0003\u0001 hello\r\n\r\n");
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 400 /);
    expect((await fetch(`${web}/livez`)).status).toBe(200);
  });

  test("a fault of ours is told to the log, not to the client", async () => {
    const broken = plane();
    const reported: unknown[] = [];
    broken.metricsText = () => Promise.reject(new Error("secret detail"));
    const web = await webOf(broken, (error) => reported.push(error));
    const response = await fetch(`${web}/metrics`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/secret|at .*\.ts/);
    expect(reported).toEqual([new Error("secret detail")]);
  });
});

test("a port that is taken is said", async () => {
  const web = await webOf(plane());
  const port = Number(new URL(web).port);
  const again = await openWebServer({ plane: plane(), host: "127.0.0.1", port, report: () => {} });
  expect(again).toMatchObject({ kind: "failed", code: "EADDRINUSE" });
});
