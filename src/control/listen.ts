/** Starting and ending an HTTP server; that it cannot listen is a value. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { ListenOptions } from "node:net";

export type Listening =
  | { readonly kind: "listening"; readonly server: Server }
  | { readonly kind: "failed"; readonly code: string };

export function listen(listener: RequestListener, at: ListenOptions): Promise<Listening> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, listener);
  const { promise, resolve } = Promise.withResolvers<Listening>();
  const failed = (error: NodeJS.ErrnoException): void =>
    resolve({ kind: "failed", code: error.code ?? error.message });
  server.once("error", failed).listen(at, () => {
    server.off("error", failed);
    resolve({ kind: "listening", server });
  });
  return promise;
}

/** Without grace: who listens to events never leaves by itself. */
export function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}
