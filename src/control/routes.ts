/** What may be read: on the socket and on TCP. Nothing here changes anything. */
import type { ControlPlane } from "./control-plane.ts";
import type { EventHub } from "./event-hub.ts";
import { statusPage } from "./page.ts";
import { isNamed, readinessChecks, reportReadiness } from "./readiness.ts";
import { json, type Reply, text, type WholeReply } from "./reply.ts";
import type { Asked, Route } from "./router.ts";
import type { RunList } from "./status.ts";

export function readRoutes(plane: ControlPlane, events: EventHub): readonly Route[] {
  const livez = (): WholeReply =>
    plane.alive() ? text(200, "ok") : text(503, "the daemon is stuck: its loop makes no progress");
  const readyz = ({ rest, query }: Asked): WholeReply =>
    rest === "" ? readyAll(plane, query) : readyOne(plane, rest);
  return [
    get("/", async () => statusPage(plane.status(), await plane.runs(), new Date())),
    get("/metrics", async () => metrics(await plane.metrics())),
    get("/livez", livez),
    get("/healthz", livez),
    get("/-/healthy", livez),
    get("/readyz", readyz),
    get("/readyz/*", readyz),
    get("/-/ready", readyz),
    get("/api/v1/status", () => json(200, plane.status())),
    get("/api/v1/runs", async () => json(200, runList(await plane.runs()))),
    get("/api/v1/environments", async () => json(200, await plane.environments())),
    get("/api/v1/events", () => eventStream(events)),
  ];
}

const runList = (runs: RunList["runs"]): RunList => ({ version: 1, runs });

const get = (path: string, answer: Route["answer"]): Route => ({ method: "GET", path, answer });

/** Not compressed: Prometheus is on this machine or next to it, and the machine has one core. */
const metrics = (exposition: string): WholeReply => ({
  kind: "whole",
  status: 200,
  headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" },
  body: exposition,
});

function readyAll(plane: ControlPlane, query: URLSearchParams): WholeReply {
  const report = reportReadiness(readinessChecks(plane.status()), query.getAll("exclude"));
  if (!report.passed) return text(503, report.text);
  return text(200, query.has("verbose") ? report.text : "ok");
}

function readyOne(plane: ControlPlane, name: string): WholeReply {
  const checks = readinessChecks(plane.status()).filter((check) => isNamed(check, name));
  if (checks.length === 0) return text(404, "No unit and no check has this name.");
  const report = reportReadiness(checks, []);
  return text(report.passed ? 200 : 503, report.text);
}

function eventStream(events: EventHub): Reply {
  if (events.isFull) return text(503, "Too many listen already. Try again later.");
  return {
    kind: "stream",
    status: 200,
    headers: { "Content-Type": "text/event-stream" },
    pour: (reader) => events.add(reader),
  };
}
