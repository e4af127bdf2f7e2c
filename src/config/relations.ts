/**
 * What keys must be to each other. Looks at the values before they are known to be right, so that
 * these faults are named together with those of single values; what is wrong in itself is skipped.
 */
import * as z from "zod";
import { collide, parseAddress } from "./address.ts";
import { checkFaults } from "./check-rules.ts";
import { parseDuration } from "./duration.ts";
import type { Fault } from "./fault.ts";
import { jobFaults, jobWarnings } from "./job-relations.ts";
import { type KeyPath, valueAt } from "./key-path.ts";
import { schema } from "./schema.ts";
import { checkTargets } from "./schema-check.ts";
import { notifyTargets } from "./schema-notify.ts";
import { schemaAt } from "./schema-walk.ts";
import type { Sources } from "./sources.ts";
import { orderFaults, textOf } from "./unit-order.ts";

export function relationFaults(sources: Sources): readonly Fault[] {
  return [
    ...duplicates(sources, ["pools"]),
    ...duplicates(sources, ["services"]),
    ...duplicates(sources, ["jobs", "custom"]),
    ...duplicates(sources, ["checks"]),
    ...duplicates(sources, ["notify"]),
    ...jobFaults(sources),
    ...duplicates(sources, ["concurrency_limits"]),
    ...queues(sources),
    ...choices(sources),
    ...delays(sources),
    ...serverElsewhere(sources),
    ...samePort(sources),
    ...orderFaults(sources),
    ...checkFaults(sources),
  ];
}

export function relationWarnings(sources: Sources): readonly Fault[] {
  return [...unusedAddress(sources), ...jobWarnings(sources)];
}

function unusedAddress(sources: Sources): readonly Fault[] {
  const path = ["prefect", "api_url"];
  if (valueAt(sources.tree, ["server", "enabled"]) === false) return [];
  if (valueAt(sources.tree, path) === undefined) return [];
  return [
    {
      ...sources.locate(path),
      message: "is not used while a server runs here",
      cure: "set server.enabled to false, or take it out",
    },
  ];
}

export function indexesOf({ tree }: Sources, path: KeyPath): readonly number[] {
  const list = valueAt(tree, path);
  return Array.isArray(list) ? [...list.keys()] : [];
}

function valueOrDefault({ tree }: Sources, path: KeyPath): unknown {
  const written = valueAt(tree, path);
  if (written !== undefined) return written;
  const declared = schemaAt(schema, path);
  return declared instanceof z.ZodDefault ? declared.def.defaultValue : undefined;
}

function* queues(sources: Sources): Generator<Fault> {
  for (const index of indexesOf(sources, ["pools"])) {
    const list = ["pools", index, "queues"];
    yield* duplicates(sources, list);
    // Prefect would move one of two aside, and we would move it back, for ever.
    yield* duplicates(sources, list, "priority");
  }
}

function* duplicates(sources: Sources, list: KeyPath, key = "name"): Generator<Fault> {
  const first = new Map<string, KeyPath>();
  for (const index of indexesOf(sources, list)) {
    const path = [...list, index, key];
    const value = valueAt(sources.tree, path);
    const name = typeof value === "number" ? String(value) : textOf(sources, path);
    if (name === undefined) continue;
    const taken = first.get(name);
    if (taken === undefined) {
      first.set(name, path);
      continue;
    }
    const { file, line, key: other } = sources.locate(taken);
    const shown = typeof value === "number" ? name : `"${name}"`;
    yield {
      ...sources.locate(path),
      message: `is ${shown}, as ${other} is (${file}:${line})`,
      cure: `give each a ${key} of its own`,
    };
  }
}

function* choices(sources: Sources): Generator<Fault> {
  for (const index of indexesOf(sources, ["deployments"])) {
    const list = ["deployments", index, "schedules"];
    for (const place of indexesOf(sources, list)) {
      yield* exactlyOne(sources, [...list, place], ["cron", "interval", "rrule"]);
    }
  }
  for (const index of indexesOf(sources, ["checks"])) {
    yield* exactlyOne(sources, ["checks", index], checkTargets);
  }
  for (const index of indexesOf(sources, ["notify"])) {
    yield* exactlyOne(sources, ["notify", index], notifyTargets);
  }
  for (const index of indexesOf(sources, ["jobs", "custom"])) {
    yield* exactlyOne(sources, ["jobs", "custom", index], ["command", "deployment"]);
  }
  for (const index of indexesOf(sources, ["services"])) {
    for (const probe of ["startup", "readiness", "liveness"]) {
      yield* exactlyOne(sources, ["services", index, probe], ["http", "tcp", "command"]);
    }
  }
}

function* exactlyOne(sources: Sources, path: KeyPath, keys: readonly string[]): Generator<Fault> {
  const map = valueAt(sources.tree, path);
  if (typeof map !== "object" || map === null || Array.isArray(map)) return;
  const given = keys.filter((key) => valueAt(map, [key]) !== undefined);
  if (given.length === 1) return;
  const message = given.length === 0 ? "has none of them" : `has ${given.join(" and ")}`;
  yield { ...sources.locate(path), message, expected: `exactly one of ${keys.join(", ")}` };
}

function* delays(sources: Sources): Generator<Fault> {
  for (const index of indexesOf(sources, ["services"])) {
    const first = ["services", index, "restart_delay"];
    const longest = ["services", index, "restart_max_delay"];
    const [from, to] = [first, longest].map((path) => valueOrDefault(sources, path));
    if (typeof from !== "string" || typeof to !== "string") continue;
    if ((parseDuration(from) ?? 0) <= (parseDuration(to) ?? Infinity)) continue;
    const written = valueAt(sources.tree, first) === undefined ? longest : first;
    yield {
      ...sources.locate(written),
      message: `makes the first wait (${from}) longer than the longest (${to})`,
      cure: "change restart_delay or restart_max_delay",
    };
  }
}

/** With neither pools nor deployments there is no Prefect at all, which is all right: services alone. */
function* serverElsewhere(sources: Sources): Generator<Fault> {
  const enabled = ["server", "enabled"];
  if (valueAt(sources.tree, enabled) !== false) return;
  if (valueAt(sources.tree, ["prefect", "api_url"]) !== undefined) return;
  const needing = ["pools", "deployments"].flatMap((list) => indexesOf(sources, [list]));
  if (needing.length === 0) return;
  yield {
    ...sources.locate(enabled),
    message: "is false, and no key says where the server is",
    cure: "set prefect.api_url, such as https://prefect.example.org/api",
  };
}

function* samePort(sources: Sources): Generator<Fault> {
  const listen = ["web", "listen"];
  const [ours, host, port] = [listen, ["server", "host"], ["server", "port"]].map((path) =>
    valueOrDefault(sources, path),
  );
  if (valueAt(sources.tree, ["server", "enabled"]) === false) return;
  if (typeof ours !== "string" || typeof host !== "string" || typeof port !== "number") return;
  const address = parseAddress(ours);
  if (address === undefined || !collide(address, { host, port })) return;
  const written = valueAt(sources.tree, listen) === undefined ? ["server", "port"] : listen;
  yield {
    ...sources.locate(written),
    message: `takes port ${port} for the server and for the supervisor's own pages`,
    cure: "change server.port or web.listen",
  };
}
