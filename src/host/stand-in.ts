/**
 * Answers on the port of a server that is away: "ask again later", whatever is asked. Prefect's
 * clients wait as long as they are told so, where they give up on a port on which nothing listens.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { StandIn, StandInOptions, StandInRequest } from "../prefect/ports.ts";
import { acceptance, closeFrame, hasCloseFrame } from "./websocket.ts";

/** Prefect's clients wait a minute for an answer. */
const longestRequestMs = 50_000;
/** They ping a websocket after 20 s, and give it up 20 s later. */
const websocketMs = 25_000;
const longestWebsocketMs = 38_000;
/** They give up a websocket that nobody answers after 10 s. */
const ignoredMs = 20_000;
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
    options.acceptsWebsocket(toRequest(request))
      ? accept(request, socket, options, waiting)
      : ignore(socket),
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

interface Patience {
  readonly usualMs: number;
  /** When a start is near. */
  readonly longestMs: number;
  readonly isStartNear: () => boolean;
}

/** Somebody who has asked and is kept waiting. */
class Waiting {
  readonly #since = Date.now();
  readonly #all: Set<Waiting>;
  readonly #answer: () => void;
  readonly #longestMs: number;
  #timer: NodeJS.Timeout;

  constructor(all: Set<Waiting>, answerIt: () => void, patience: Patience) {
    const { usualMs, longestMs, isStartNear } = patience;
    this.#all = all;
    this.#answer = answerIt;
    this.#longestMs = longestMs;
    this.#timer = setTimeout(() => (isStartNear() ? this.prolong() : this.end()), usualMs);
    all.add(this);
  }

  prolong(): void {
    clearTimeout(this.#timer);
    const left = this.#since + this.#longestMs - Date.now();
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
  { reply, canWait, isStartNear }: StandInOptions,
  all: Set<Waiting>,
): void {
  const asked = toRequest(request);
  const send = (): void => {
    const { headers, body } = reply(asked);
    response.writeHead(503, {
      ...headers,
      "Cache-Control": "no-store",
      "Content-Length": Buffer.byteLength(body),
      Connection: "close",
    });
    response.end(body);
  };
  // The body is read to its end and dropped: whoever still writes would not hear the answer.
  request.once("end", () => {
    if (!isStartNear() || !canWait(asked)) return send();
    const [usualMs, longestMs] = [longestRequestMs, longestRequestMs];
    const waiting = new Waiting(all, send, { usualMs, longestMs, isStartNear });
    response.once("close", () => waiting.forget());
  });
  request.on("error", () => undefined);
  request.resume();
}

/** A websocket is accepted, kept silent, and closed late. */
function accept(
  request: IncomingMessage,
  socket: Socket,
  { isStartNear }: StandInOptions,
  all: Set<Waiting>,
): void {
  const waiting = new Waiting(all, () => socket.end(tryAgainLater), {
    usualMs: websocketMs,
    longestMs: longestWebsocketMs,
    isStartNear,
  });
  socket.on("error", () => undefined);
  socket.once("close", () => waiting.forget());
  socket.once("end", () => socket.destroy());
  socket.on("data", (frames: Buffer) => {
    // It takes its leave. That much is answered, or it would wait for ten seconds.
    if (hasCloseFrame(frames)) waiting.end();
  });
  socket.write(acceptance(request.headers));
}

/** Its client gives up by itself, and that is all that is awaited. */
function ignore(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.once("end", () => socket.destroy());
  socket.resume().unref();
  setTimeout(() => socket.destroy(), ignoredMs).unref();
}

const toRequest = ({ url = "/", headers }: IncomingMessage): StandInRequest => ({
  path: url,
  agent: headers["user-agent"] ?? "",
});

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
