/**
 * Answers on the port of a server that is away: "ask again later", whatever is asked. Prefect's
 * clients wait as long as they are told so, where they give up on a port on which nothing listens.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { StandIn, StandInOptions } from "../prefect/ports.ts";
import { acceptance, closeFrame, hasCloseFrame } from "./websocket.ts";

/** Prefect's clients wait a minute for an answer. */
const longestRequestMs = 50_000;
/** They ping a websocket after 20 s, and give it up 20 s later. */
const websocketMs = 25_000;
const longestWebsocketMs = 38_000;
/** `try again later`. */
const tryAgainLater = closeFrame(1013);

/** Undefined where it cannot listen: somebody else is there, or the address is none of ours. */
export function openStandIn(options: StandInOptions): Promise<StandIn | undefined> {
  const waiting = new Set<Waiting>();
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000 },
    (request, response) => answer(request, response, options, waiting),
  );
  server.maxConnections = 2_000;
  server.on("upgrade", (request: IncomingMessage, socket: Socket) =>
    receive(request, socket, waiting),
  );
  const { promise, resolve } = Promise.withResolvers<StandIn | undefined>();
  server.once("error", () => resolve(undefined));
  server.listen({ host: options.host, port: options.port, exclusive: true }, () => {
    // From now on, only of a connection that could not be accepted.
    server.on("error", () => undefined);
    resolve({ leave: () => leave(server, waiting), dismiss: () => dismiss(server, waiting) });
  });
  return promise;
}

/** Somebody who has asked and is kept waiting. */
class Waiting {
  readonly since = Date.now();
  readonly longestMs: number;
  readonly #all: Set<Waiting>;
  readonly #answer: () => void;
  #timer: NodeJS.Timeout;

  constructor(
    all: Set<Waiting>,
    answerIt: () => void,
    { usualMs, longestMs }: { readonly usualMs: number; readonly longestMs: number },
  ) {
    this.#all = all;
    this.#answer = answerIt;
    this.longestMs = longestMs;
    this.#timer = setTimeout(() => this.end(), usualMs);
    all.add(this);
  }

  /** To the limit: whoever asked again now would find nobody. */
  prolong(): void {
    clearTimeout(this.#timer);
    const left = this.since + this.longestMs - Date.now();
    this.#timer = setTimeout(() => this.end(), Math.max(0, left));
  }

  end(): void {
    if (this.forget()) this.#answer();
  }

  /** False if it waits no more. */
  forget(): boolean {
    clearTimeout(this.#timer);
    return this.#all.delete(this);
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { reply, mustWait }: StandInOptions,
  all: Set<Waiting>,
): void {
  const { url: path = "/", method, headers: given } = request;
  const asked = { path, agent: given["user-agent"] ?? "" };
  const send = (): void => {
    const { headers, body } = reply(asked);
    response.writeHead(503, {
      ...headers,
      "Cache-Control": "no-store",
      "Content-Length": Buffer.byteLength(body),
      Connection: "close",
    });
    response.end(method === "HEAD" ? undefined : body);
  };
  // The body is read to its end and dropped: whoever still writes would not hear the answer.
  request.once("end", () => {
    if (!mustWait(asked)) return send();
    const limits = { usualMs: longestRequestMs, longestMs: longestRequestMs };
    const waiting = new Waiting(all, send, limits);
    response.once("close", () => waiting.forget());
  });
  request.on("error", () => undefined);
  request.resume();
}

/**
 * A websocket is accepted, kept silent and closed late: a client of Prefect's that sends events has
 * eleven tries for each, one for each connection that is closed, and drops the event for which the
 * connection is refused.
 */
function receive(request: IncomingMessage, socket: Socket, all: Set<Waiting>): void {
  const limits = { usualMs: websocketMs, longestMs: longestWebsocketMs };
  const waiting = new Waiting(all, () => socket.end(tryAgainLater), limits);
  socket.on("error", () => undefined);
  socket.once("close", () => waiting.forget());
  socket.once("end", () => socket.destroy());
  socket.on("data", (frames: Buffer) => {
    // It takes its leave. That much is answered, or it would wait for ten seconds.
    if (hasCloseFrame(frames)) waiting.end();
  });
  socket.write(acceptance(request.headers));
}

/** The port is free as soon as nobody listens: the connections that there are do not keep it. */
async function leave(server: Server, waiting: ReadonlySet<Waiting>): Promise<void> {
  server.close();
  for (const one of waiting) one.prolong();
  await nextTurn();
}

function dismiss(server: Server, waiting: ReadonlySet<Waiting>): void {
  server.close();
  for (const one of waiting) one.end();
  // Whoever has not read his answer by then never will.
  setTimeout(() => server.closeAllConnections(), 2_000).unref();
}
