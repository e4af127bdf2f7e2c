import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { findFreePort } from "../../src/host/free-port.ts";
import { probePort } from "../../src/host/port-owner.ts";
import { openStandIn } from "../../src/host/stand-in.ts";
import type { StandIn, StandInOptions, StandInRequest } from "../../src/prefect/ports.ts";

const host = "127.0.0.1";

const anything = {
  isStartNear: () => false,
  canWait: () => true,
  acceptsWebsocket: () => true,
  reply: () => ({ headers: {}, body: "" }),
};

interface Place {
  readonly port: number;
  readonly url: string;
  readonly standIn: StandIn;
}

async function standIn(changes: Partial<StandInOptions> = {}): Promise<Place> {
  const port = await findFreePort();
  const opened = await openStandIn({
    host,
    port,
    ...anything,
    reply: ({ path }) => ({ headers: { "Retry-After": "2" }, body: `away: ${path}` }),
    ...changes,
  });
  if (opened === undefined) throw new Error("cannot listen");
  onTestFinished(() => opened.dismiss());
  return { port, url: `http://${host}:${port}`, standIn: opened };
}

/** Resolves when so many have been told to wait. */
function waitingRoom(count: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked: StandInRequest[] = [];
  const canWait = (one: StandInRequest): boolean => {
    if (asked.push(one) === count) resolve();
    return true;
  };
  return { options: { isStartNear: () => true, canWait }, asked, isFull: promise };
}

function websocket(url: string) {
  const socket = new WebSocket(url.replace("http", "ws"), "prefect");
  const closed = new Promise<number>((done) => {
    socket.addEventListener("close", ({ code }) => done(code));
  });
  const opened = new Promise<void>((done) => {
    socket.addEventListener("open", () => done());
  });
  return { socket, opened, closed };
}

describe("what it answers", () => {
  test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])(
    "%s: 503, and the words that it was given for this path",
    async (method) => {
      const { port } = await standIn();
      const asked = request({ host, port, method, path: "/api/flow_runs/filter?a=b" });
      asked.end();
      const [response] = await once(asked, "response");
      expect(response.statusCode).toBe(503);
      expect(response.headers).toMatchObject({
        "retry-after": "2",
        connection: "close",
        "cache-control": "no-store",
      });
      response.setEncoding("utf8");
      const chunks = await response.toArray();
      expect(chunks.join("")).toBe("away: /api/flow_runs/filter?a=b");
    },
  );

  test("HEAD: the same, without a body", async () => {
    const { url } = await standIn();
    const response = await fetch(`${url}/api/health`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-length")]).toEqual([503, "17"]);
    expect(await response.text()).toBe("");
  });

  test("a long body is heard out, so that its sender hears the answer", async () => {
    const { url } = await standIn();
    const body = "x".repeat(20_000_000);
    const response = await fetch(`${url}/api/logs/`, { method: "POST", body });
    expect(response.status).toBe(503);
  });

  test("what is no HTTP ends that connection and nothing else", async () => {
    const { port, url } = await standIn();
    const socket = connect(port, host);
    socket.end("\0\0 nonsense\r\n\r\n").resume();
    await once(socket, "close");
    const gone = connect(port, host);
    gone.write("POST /api/logs/ HTTP/1.1\r\nContent-Length: 1000\r\n\r\nhalf");
    await once(gone, "connect");
    gone.resetAndDestroy();
    expect((await fetch(url)).status).toBe(503);
  });
});

describe("the port", () => {
  test("of somebody else is left to him, and can be had once he has gone", async () => {
    const stranger = createServer().listen({ host, port: 0 });
    await once(stranger, "listening");
    const address = stranger.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const options = { host, port, ...anything };
    expect(await openStandIn(options)).toBeUndefined();
    stranger.close();
    await once(stranger, "close");
    const second = await openStandIn(options);
    expect(second).toBeDefined();
    second?.dismiss();
  });

  test("of an address that is none of this machine's is no error either", async () => {
    expect(await openStandIn({ host: "192.0.2.7", port: 4200, ...anything })).toBeUndefined();
  });

  test("is free at once, though some still wait; and they are answered when that is over", async () => {
    const room = waitingRoom(2);
    const { port, url, standIn: away } = await standIn(room.options);
    const answers = ["/api/a", "/api/b"].map((path) => fetch(`${url}${path}`));
    const { opened, closed } = websocket(`${url}/api/events/in`);
    await Promise.all([room.isFull, opened]);

    await away.leave();
    expect(await probePort(host, port)).toEqual({ kind: "free" });
    const server = createServer().listen({ host, port, exclusive: true });
    await once(server, "listening");
    server.close();

    away.dismiss();
    const texts = await Promise.all(answers.map(async (answer) => (await answer).text()));
    expect(texts).toEqual(["away: /api/a", "away: /api/b"]);
    expect(await closed).toBe(1013);
  });

  test("is left by a second order too", async () => {
    const { port, standIn: away } = await standIn();
    await away.leave();
    await away.leave();
    away.dismiss();
    away.dismiss();
    expect(await probePort(host, port)).toEqual({ kind: "free" });
  });
});

describe("who waits", () => {
  test("is told from the others by path and User-Agent", async () => {
    const room = waitingRoom(1);
    const canWait = (one: StandInRequest) =>
      one.agent.startsWith("prefect/") && room.options.canWait(one);
    const { url, standIn: away } = await standIn({ ...room.options, canWait });
    const headers = { "User-Agent": "prefect/3.8.8 (API 0.8.4)" };
    const waits = fetch(`${url}/api/hello`, { headers });
    await room.isFull;
    expect((await fetch(`${url}/api/hello`)).status).toBe(503);
    expect(room.asked).toEqual([{ path: "/api/hello", agent: headers["User-Agent"] }]);
    away.dismiss();
    expect((await waits).status).toBe(503);
  });

  test("may go: nothing is answered to nobody", async () => {
    const room = waitingRoom(1);
    let replies = 0;
    const reply = () => ({ headers: {}, body: `${(replies += 1)}` });
    const { url, standIn: away } = await standIn({ ...room.options, reply });
    const impatient = new AbortController();
    const waits = fetch(`${url}/api/hello`, { signal: impatient.signal });
    await room.isFull;
    impatient.abort();
    await expect(waits).rejects.toThrow("aborted");
    // Somebody after him: by then it is known that he has gone.
    const { opened, closed } = websocket(url);
    await opened;
    away.dismiss();
    await closed;
    expect(replies).toBe(0);
  });
});

test("a websocket that is not accepted gets no answer, not even at the end", async () => {
  const asked = Promise.withResolvers<void>();
  const acceptsWebsocket = () => (asked.resolve(), false);
  const { port, standIn: away } = await standIn({ acceptsWebsocket });
  const socket = connect(port, host);
  socket.write("GET /api/events/in HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await asked.promise;
  away.dismiss();
  socket.end();
  expect(await socket.toArray()).toEqual([]);
});

test("a websocket is accepted in its protocol, and its leave is answered", async () => {
  const { url } = await standIn();
  const { socket, opened, closed } = websocket(`${url}/api/events/out`);
  await opened;
  expect(socket.protocol).toBe("prefect");
  socket.send("hello");
  socket.close();
  expect(await closed).toBe(1013);
});
