/** Stands between a client and a Prefect server, and fails as servers do. */

import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Passed {
  readonly method: string;
  readonly path: string;
}

/** Reads that Prefect has as POST. */
const isRead = ({ method, path }: Passed): boolean =>
  method === "GET" || /\/(filter|count|paginate|hello)$/.test(path.split("?")[0] ?? "");

export class FlakyProxy implements AsyncDisposable {
  /** With `/api`. */
  readonly apiUrl: string;
  readonly #target: URL;
  readonly #server: ReturnType<typeof createServer>;
  readonly writes: Passed[] = [];
  /** Of how many writes one is answered with 503: every other of these after it was carried out. */
  failsOneIn = Number.POSITIVE_INFINITY;
  /** Nobody answers any more. */
  isAway = false;
  /** Called before each write that is let through. */
  beforeWrite: (write: Passed) => void = () => undefined;
  #failures = 0;
  readonly #joined = new Set<Socket>();

  private constructor(server: ReturnType<typeof createServer>, target: URL, port: number) {
    this.#server = server;
    this.#target = target;
    this.apiUrl = `http://127.0.0.1:${port}/api`;
  }

  static async open(apiUrl: string): Promise<FlakyProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const proxy = new FlakyProxy(server, new URL(apiUrl), address.port);
    server.on("upgrade", (asked: IncomingMessage, socket: Socket) => proxy.#join(asked, socket));
    server.on("request", (asked, answer) => void proxy.#pass(asked, answer));
    return proxy;
  }

  async #pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const passed = { method: asked.method ?? "", path: asked.url ?? "" };
    const body = await buffer(asked).catch(() => Buffer.alloc(0));
    if (this.isAway) {
      asked.socket.destroy();
      return;
    }
    let swallows = false;
    if (!isRead(passed)) {
      this.writes.push(passed);
      this.beforeWrite(passed);
      if (this.writes.length % this.failsOneIn === 0) {
        this.#failures += 1;
        swallows = this.#failures % 2 === 0;
        if (!swallows) return this.#refuse(answer);
      }
    }
    const { hostname, port } = this.#target;
    const options = { hostname, port, method: passed.method, path: passed.path, agent: false };
    const through = request({ ...options, headers: asked.headers }, (response) => {
      if (swallows) {
        response.resume();
        response.once("end", () => this.#refuse(answer));
        return;
      }
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    through.once("error", () => answer.destroy());
    through.end(body);
  }

  /** Websockets go through as they are. */
  #join({ method, url, rawHeaders }: IncomingMessage, socket: Socket): void {
    const { hostname, port } = this.#target;
    if (this.isAway) return void socket.destroy();
    const through = connect(Number(port), hostname, () => {
      const headers = rawHeaders.flatMap((word, i) =>
        i % 2 === 0 ? [`${word}: ${rawHeaders[i + 1]}`] : [],
      );
      through.write([`${method} ${url} HTTP/1.1`, ...headers, "", ""].join("\r\n"));
      socket.pipe(through).pipe(socket);
    });
    for (const [one, other] of [
      [socket, through],
      [through, socket],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    this.#joined.add(socket);
  }

  #refuse(answer: ServerResponse): void {
    answer.writeHead(503, { "content-type": "application/json" });
    answer.end('{"exception_message":"Service Unavailable"}');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    for (const socket of this.#joined) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
