/**
 * What may be read by everybody who reaches `web.listen`. Only GET and HEAD exist here, so there is
 * nothing that a web page in somebody's browser, or a name rebound to this address, could order.
 */
import type { ControlPlane } from "./control-plane.ts";
import { EventHub } from "./event-hub.ts";
import { close, listen } from "./listen.ts";
import { text } from "./reply.ts";
import { type ListenerRules, requestListener } from "./request-listener.ts";
import { readRoutes } from "./routes.ts";

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
  readonly report: ListenerRules["report"];
  readonly answered?: ListenerRules["answered"];
}

export async function openWebServer(options: WebServerOptions): Promise<WebServerResult> {
  const { plane, host, port, report, answered } = options;
  const listener = requestListener(readRoutes(plane, new EventHub(plane)), {
    refuse,
    report,
    answered,
  });
  const result = await listen(listener, { host, port });
  if (result.kind === "failed") return { ...result, why: explain(result.code, host, port) };
  const { server } = result;
  const address = server.address();
  return {
    kind: "listening",
    server: {
      port: typeof address === "object" && address !== null ? address.port : port,
      [Symbol.asyncDispose]: () => close(server),
    },
  };
}

const refuse: ListenerRules["refuse"] = ({ method }) =>
  method === "GET" || method === "HEAD"
    ? undefined
    : text(
        405,
        "Nothing can be changed here. Orders go to the control socket: `sails-supervisor --help` says how.",
        { Allow: "GET, HEAD" },
      );

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
