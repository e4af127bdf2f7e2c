/** Opens the two ways in: the control socket, without which nobody could stop us, and the page. */
import { tmpdir } from "node:os";
import type { Config, WebSecurity } from "../config/config.ts";
import type { ControlPlane } from "../control/control-plane.ts";
import { placeSocket } from "../control/socket-place.ts";
import { openSocketServer } from "../control/socket-server.ts";
import type { Problem } from "../control/status.ts";
import { openWebServer } from "../control/web-server.ts";

export type Doors =
  | {
      readonly kind: "open";
      /** What is amiss all the same. */
      readonly problem: Problem | undefined;
      readonly stack: AsyncDisposableStack;
    }
  | { readonly kind: "failed"; readonly why: string };

export interface DoorsOptions {
  readonly config: Config;
  /** As the configuration in force says it. */
  readonly security: () => WebSecurity | undefined;
  readonly passwordWorker: string;
  readonly plane: ControlPlane;
  readonly runtimeDirectory: string | undefined;
  readonly report: (error: unknown) => void;
  readonly answered: (route: string, status: number) => void;
}

export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { config, plane, security, passwordWorker, runtimeDirectory, report, answered } = options;
  const { stateDir, web } = config;
  const place = placeSocket({ stateDir, runtimeDirectory, temporary: tmpdir() });
  if (place.kind === "nowhere") return { kind: "failed", why: place.why };
  const socket = await openSocketServer({ plane, place, stateDir, report, answered });
  if (socket.kind === "failed") return { kind: "failed", why: socket.why };
  const stack = new AsyncDisposableStack();
  stack.use(socket.server);
  const page = await openWebServer({
    plane,
    ...web.listen,
    security,
    passwordWorker,
    report,
    answered,
  });
  if (page.kind === "listening") {
    stack.use(page.server);
    return { kind: "open", problem: undefined, stack };
  }
  // Prefect must not stay down because a page cannot be shown.
  const cure = "Free that port, or change web.listen or web.config_file, then restart the daemon";
  return { kind: "open", problem: { id: "web", what: page.why, cure }, stack };
}

export const webUrl = ({ web: { listen, security } }: Config): string =>
  `${security?.tls === undefined ? "http" : "https"}://${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${listen.port}`;
