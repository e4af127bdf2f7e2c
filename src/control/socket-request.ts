/** One request over the control socket. */
import type { IncomingMessage } from "node:http";

// Not imported: that reads all that node:http has, and some of it loads the whole of fetch and
// WebSocket, 60 ms in which every command would do nothing.
const { request } = process.getBuiltinModule("node:http");

export type Response =
  | { readonly kind: "answered"; readonly message: IncomingMessage }
  /** The code of the error: `ECONNREFUSED`; `ETIMEDOUT` if nothing came in time. */
  | { readonly kind: "failed"; readonly code: string };

export interface SocketRequest {
  readonly socket: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  /** Until the headers are there. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export function ask(options: SocketRequest): Promise<Response> {
  const { socket, method, path, body, timeoutMs, signal } = options;
  const { promise, resolve } = Promise.withResolvers<Response>();
  // An agent would keep the connection, and with it the program.
  const asked = request({ socketPath: socket, method, path, agent: false, signal }, (message) => {
    clearTimeout(timer);
    resolve({ kind: "answered", message });
  });
  const timer = setTimeout(() => {
    resolve({ kind: "failed", code: "ETIMEDOUT" });
    asked.destroy();
  }, timeoutMs);
  asked.on("error", (error: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    resolve({ kind: "failed", code: error.code ?? error.message });
  });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
