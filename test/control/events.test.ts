import { once } from "node:events";
import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { EventHub } from "../../src/control/event-hub.ts";
import { eventually } from "./support/eventually.ts";
import { FakePlane, statusOf, unit } from "./support/fake-plane.ts";
import { webOf } from "./support/servers.ts";

const plane = () => new FakePlane(statusOf([unit("server")]));

/** Reads until the text is there. */
async function readUntil(reader: ReadableStreamDefaultReader<string>, wanted: string) {
  let seen = "";
  while (!seen.includes(wanted)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended after ${JSON.stringify(seen)}`);
    seen += value;
  }
  return seen;
}

test("a change of a unit is an event, and who leaves is forgotten", async () => {
  const asked = plane();
  const web = await webOf(asked);
  const leaving = new AbortController();
  const response = await fetch(`${web}/api/v1/events`, { signal: leaving.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error("no body");
  await readUntil(reader, ": listening\n\n");
  expect(asked.listeners.size).toBe(1);

  asked.say("server", "two\nlines");
  const seen = await readUntil(reader, "\n\n");
  const [name, data = ""] = seen.split("\n");
  expect(name).toBe("event: status");
  expect(JSON.parse(data.replace("data: ", ""))).toMatchObject({
    unit: "server",
    reason: "two\nlines",
  });

  leaving.abort();
  await eventually(() => asked.listeners.size).toBe(0);
});

test("HEAD does not listen", async () => {
  const asked = plane();
  const response = await fetch(`${await webOf(asked)}/api/v1/events`, { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(asked.listeners.size).toBe(0);
});

test("who never reads is dropped, and the daemon does not keep what he missed", async () => {
  const asked = plane();
  const web = await webOf(asked);
  const deaf = connect(Number(new URL(web).port), "127.0.0.1");
  deaf.write("GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(deaf, "readable");
  await eventually(() => asked.listeners.size).toBe(1);
  const before = process.memoryUsage().heapUsed + process.memoryUsage().external;
  let events = 0;
  // The kernel takes a few megabytes of its own before anything waits here.
  while (asked.listeners.size > 0 && events < 100_000) {
    for (let i = 0; i < 100; i += 1) asked.say("server", "x".repeat(1000));
    events += 100;
    await new Promise(setImmediate);
  }
  expect(asked.listeners.size).toBe(0);
  expect(process.memoryUsage().heapUsed + process.memoryUsage().external - before).toBeLessThan(
    100_000_000,
  );
  deaf.destroy();
});

test("a heartbeat while somebody listens, and only then", async () => {
  const asked = plane();
  const hub = new EventHub(asked, { heartbeatMs: 1 });
  const reader = new PassThrough({ encoding: "utf8" });
  hub.add(reader);
  let seen = "";
  for await (const chunk of reader) {
    seen += String(chunk);
    if (seen.includes(": heartbeat\n\n: heartbeat\n\n")) break;
  }
  // Leaving the loop has closed the stream.
  await eventually(() => hub.subscribers).toBe(0);
  expect(asked.listeners.size).toBe(0);
});

test("one slow subscriber does not keep the others from hearing", () => {
  const asked = plane();
  const hub = new EventHub(asked, { backlogBytes: 1000 });
  const [slow, quick] = [new PassThrough({ highWaterMark: 1 }), new PassThrough()];
  hub.add(slow);
  hub.add(quick);
  quick.resume();
  for (let i = 0; i < 50; i += 1) asked.say("server");
  expect(slow.destroyed).toBe(true);
  expect(quick.destroyed).toBe(false);
  quick.destroy();
});

test("there is an end to how many may listen", async () => {
  const asked = plane();
  const hub = new EventHub(asked, { subscribers: 2 });
  const first = new PassThrough();
  hub.add(first);
  expect(hub.isFull).toBe(false);
  hub.add(new PassThrough());
  expect(hub.isFull).toBe(true);
  // One subscription for all of them.
  expect(asked.listeners.size).toBe(1);
  first.destroy();
  await once(first, "close");
  expect(hub.isFull).toBe(false);
});
