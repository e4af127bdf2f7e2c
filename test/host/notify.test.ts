/** A real receiver and real commands; those that hang, refuse or are not there. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { notifier } from "../../src/host/notify.ts";
import { messageOf } from "../../src/notify/event.ts";
import { ms, seconds } from "../../src/supervision/time.ts";

const message = messageOf(
  {
    event: "unit-failing",
    subject: "server",
    what: "exited with status 1: “Zürich” is away",
    next: "start 3 in 4 s",
    at: new Date("2026-11-25T12:00:00Z"),
  },
  2,
  "vm",
);

const send = notifier({ PATH: process.env["PATH"] ?? "/usr/bin:/bin" });
const run = (script: string, timeout = seconds(20)) =>
  send({ kind: "command", command: ["/bin/sh", "-c", script] }, message, timeout);

async function receiver(status: number): Promise<{ url: string; got: Promise<unknown[]> }> {
  const { promise: got, resolve } = Promise.withResolvers<unknown[]>();
  const server = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      resolve([request.method, request.headers["content-type"], JSON.parse(body)]);
      response.writeHead(status).end("ok");
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return { url: `http://127.0.0.1:${port}/hooks/SECRET`, got };
}

test("an address gets the event as JSON", async () => {
  const { url, got } = await receiver(200);
  expect(await send({ kind: "url", url }, message, seconds(20))).toEqual({ kind: "delivered" });
  expect(await got).toEqual(["POST", "application/json", message]);
  expect(message).toMatchObject({
    version: 1,
    held: 2,
    text: "vm: server: exited with status 1: “Zürich” is away\nNext: start 3 in 4 s\n(2 more held back since the last message about it)",
  });
});

test.each([
  [404, true],
  [400, true],
  [302, true],
  [429, false],
  [503, false],
])("an answer of %d is final: %s", async (status, isFinal) => {
  const { url } = await receiver(status);
  const delivery = await send({ kind: "url", url }, message, seconds(20));
  expect(delivery).toEqual({ kind: "failed", why: `it answered ${status}`, isFinal });
});

test("one that refuses or never answers is told of without its address", async () => {
  const deaf = createTcpServer(() => undefined);
  await new Promise<void>((done) => deaf.listen(0, "127.0.0.1", done));
  const address = deaf.address();
  const port = typeof address === "object" ? address?.port : 0;
  const url = `http://127.0.0.1:${port}/hooks/SECRET`;
  const hung = await send({ kind: "url", url }, message, ms(100));
  expect(hung).toMatchObject({ why: "it did not answer within 0.1 s", isFinal: false });
  deaf.close();
  const refused = await send(
    { kind: "url", url: "http://127.0.0.1:9/SECRET" },
    message,
    seconds(5),
  );
  expect(refused).toMatchObject({ why: "it cannot be reached (ECONNREFUSED)" });
  const odd = await send({ kind: "url", url: "http://SECRET.invalid/" }, message, seconds(20));
  expect(JSON.stringify([hung, refused, odd])).not.toContain("SECRET");
});

test("a command gets the event as JSON and in variables", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sails-notify-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "told");
  const script = `cat >${file}; printf '%s|%s|%s|%s' "$SAILS_EVENT" "$SAILS_SUBJECT" "$SAILS_HELD" "$SAILS_NEXT" >${file}.env`;
  expect(await run(script)).toEqual({ kind: "delivered" });
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(message);
  expect(await readFile(`${file}.env`, "utf8")).toBe("unit-failing|server|2|start 3 in 4 s");
});

test.each([
  ["exec true", { kind: "delivered" }],
  ["echo no such user >&2; exit 67", { why: "the command ended with status 67: no such user" }],
  ["kill -9 $$", { why: "the command was ended by SIGKILL" }],
])("a command: %s", async (script, delivery) => {
  expect(await run(script)).toMatchObject(delivery);
});

test("a command that is not there", async () => {
  const command = ["/no/such/program"];
  const delivery = await send({ kind: "command", command }, message, seconds(5));
  expect(delivery).toMatchObject({ why: expect.stringContaining("status 127") });
});

test("a command that hangs is ended with all that it has started", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sails-notify-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "pid");
  const delivery = await run(`sleep 1000 & echo $! >${file}; wait`, ms(300));
  expect(delivery).toMatchObject({ why: "the command did not end within 0.3 s", isFinal: false });
  const pid = (await readFile(file, "utf8")).trim();
  while (existsSync(`/proc/${pid}/fd/0`)) await new Promise((done) => setTimeout(done, 10));
});
