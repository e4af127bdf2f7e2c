/**
 * What may be read by everybody who reaches `web.listen`, or by whoever has a password or a
 * certificate. Only GET and HEAD exist here, so there is nothing that a web page in somebody's
 * browser, or a name rebound to this address, could order.
 */
import type { RequestListener } from "node:http";
import type { Server } from "node:net";
import type { ControlPlane } from "./control-plane.ts";
import { EventHub } from "./event-hub.ts";
import { close, listen } from "./listen.ts";
import { compareInThread, PasswordCheck } from "./password-check.ts";
import { type ListenerRules, requestListener } from "./request-listener.ts";
import { readRoutes } from "./routes.ts";
import { refusal } from "./web-guard.ts";
import type { WebSecurity } from "./web-security.ts";

interface WebServer extends AsyncDisposable {
  /** The one that was given, if it was not 0. */
  readonly port: number;
}

export type WebServerResult =
  | { readonly kind: "listening"; readonly server: WebServer }
  | { readonly kind: "failed"; readonly code: string; readonly why: string };

export interface WebServerOptions {
  readonly plane: ControlPlane;
  readonly host: string;
  readonly port: number;
  /** Asked for each request; whether there is TLS is asked once. */
  readonly security?: () => WebSecurity | undefined;
  /** The program of `password-worker.ts`. */
  readonly passwordWorker?: string;
  readonly report: ListenerRules["report"];
  readonly answered?: ListenerRules["answered"];
}

export async function openWebServer(options: WebServerOptions): Promise<WebServerResult> {
  const { plane, host, port, report, answered } = options;
  const security = options.security ?? (() => undefined);
  const guard = {
    users: () => security()?.users ?? {},
    check: new PasswordCheck(compareInThread(options.passwordWorker ?? "")),
    isReady: () => plane.status().ready,
  };
  const routed = requestListener(readRoutes(plane, new EventHub(plane)), {
    refuse: (request) => refusal(guard, request),
    report,
    answered,
  });
  const listener: RequestListener = (request, response) => {
    const headers = Object.entries(security()?.headers ?? {});
    for (const [name, value] of headers) response.setHeader(name, value);
    routed(request, response);
  };
  const tls = security()?.tls;
  const result =
    tls === undefined
      ? await plainly(listener, { host, port })
      : await (await import("./listen-secure.ts")).listenSecurely(
          listener,
          { host, port },
          tls,
          report,
        );
  if (result.kind === "failed") return { ...result, why: explain(result.code, host, port) };
  const address = result.server.address();
  return {
    kind: "listening",
    server: {
      port: typeof address === "object" && address !== null ? address.port : port,
      [Symbol.asyncDispose]: result.close,
    },
  };
}

type Opened =
  | { readonly kind: "listening"; readonly server: Server; readonly close: () => Promise<void> }
  | { readonly kind: "failed"; readonly code: string };

async function plainly(
  listener: RequestListener,
  at: { readonly host: string; readonly port: number },
): Promise<Opened> {
  const result = await listen(listener, at);
  if (result.kind === "failed") return result;
  const { server } = result;
  return { kind: "listening", server, close: () => close(server) };
}

function explain(code: string, host: string, port: number): string {
  const at = `${host}:${port}`;
  switch (code) {
    case "EADDRINUSE":
      return `web.listen: another program listens on ${at}; \`ss -ltnp 'sport = :${port}'\` says which`;
    case "EADDRNOTAVAIL":
      return `web.listen: this machine has no address ${host}`;
    case "EACCES":
      return `web.listen: only root may listen on port ${port}`;
    default:
      return `web.listen: cannot listen on ${at}: ${code}`;
  }
}
