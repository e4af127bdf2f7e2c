/** HTTP over TLS. A certificate that was renewed on the disk is taken up with the next connection. */
import type { RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { Certificates, clientRules, isWelcome } from "./certificates.ts";
import type { TlsFiles } from "./web-security.ts";

export type ListeningSecurely =
  | { readonly kind: "listening"; readonly server: Server; readonly close: () => Promise<void> }
  | { readonly kind: "failed"; readonly code: string };

export async function listenSecurely(
  listener: RequestListener,
  at: ListenOptions,
  files: TlsFiles,
  report: (error: unknown) => void,
): Promise<ListeningSecurely> {
  const certificates = new Certificates(files);
  const first = await certificates.changed();
  if (first?.kind !== "read") return { kind: "failed", code: first?.why ?? "no certificate" };
  const server = createTlsServer(
    {
      ...first.options,
      ...clientRules(files),
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: 10_000,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
    },
    listener,
  );
  server.on("secureConnection", (socket) => {
    if (!isWelcome(files, factsOf(socket))) socket.destroy();
  });

  // The handshake begins only once it is known which certificate is the one to show.
  const joined = new Set<Socket>();
  const front = createServer((socket) => {
    joined.add(socket);
    socket.once("close", () => joined.delete(socket));
    socket.on("error", () => socket.destroy());
    void certificates.changed().then((changed) => {
      if (changed?.kind === "read") server.setSecureContext(changed.options);
      if (changed?.kind === "failed") {
        report(`the certificate of the page is still the one of before: ${changed.why}`);
      }
      if (!socket.destroyed) server.emit("connection", socket);
    });
  });
  const { promise, resolve } = Promise.withResolvers<ListeningSecurely>();
  const failed = (error: NodeJS.ErrnoException): void =>
    resolve({ kind: "failed", code: error.code ?? error.message });
  front.once("error", failed).listen(at, () => {
    front.off("error", failed);
    resolve({ kind: "listening", server: front, close: () => end(front, joined) });
  });
  return promise;
}

function factsOf(socket: TLSSocket) {
  const { subjectaltname: subjectAltName, raw } = socket.getPeerCertificate() as {
    readonly subjectaltname?: string;
    readonly raw?: Buffer;
  };
  return { hasCertificate: raw !== undefined, isVerified: socket.authorized, subjectAltName };
}

/** Without grace: who listens to events never leaves by itself. */
function end(front: Server, joined: ReadonlySet<Socket>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  front.close(() => resolve());
  for (const socket of joined) socket.destroy();
  return promise;
}
