/** The control socket: all that can be read, and everything that changes something. */
import { mkdtempSync, renameSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import type { RequestListener } from "node:http";
import { dirname, join, resolve } from "node:path";
import type { ControlPlane } from "./control-plane.ts";
import { EventHub } from "./event-hub.ts";
import { close, type Listening, listen } from "./listen.ts";
import { orderRoutes } from "./order-routes.ts";
import { text } from "./reply.ts";
import { type ListenerRules, requestListener } from "./request-listener.ts";
import { readRoutes } from "./routes.ts";
import { findSocket, isFreshFolder, type SocketPlace } from "./socket-place.ts";
import { clearStaleSocket } from "./stale-socket.ts";

export interface SocketServer extends AsyncDisposable {
  /** The socket itself. */
  readonly path: string;
}

export type SocketServerResult =
  | { readonly kind: "listening"; readonly server: SocketServer }
  | { readonly kind: "failed"; readonly why: string };

export interface SocketServerOptions {
  readonly plane: ControlPlane;
  readonly place: Exclude<SocketPlace, { kind: "nowhere" }>;
  readonly stateDir: string;
  readonly report: ListenerRules["report"];
  readonly answered?: ListenerRules["answered"];
}

export async function openSocketServer(options: SocketServerOptions): Promise<SocketServerResult> {
  const { plane, place, stateDir, report, answered } = options;
  const former = findSocket(stateDir);
  const candidates = new Set([former, ...("path" in place ? [place.path] : [])]);
  for (const path of candidates) {
    const found = await clearStaleSocket(path);
    if (found.kind === "in-use")
      return failed(
        `a daemon already runs for the state folder ${stateDir}: it answers on ${path}`,
      );
    if (found.kind === "unusable") return failed(found.why);
  }
  removeFreshFolder(former, stateDir);

  const path = "path" in place ? place.path : join(mkdtempSync(place.prefix), "control.sock");
  const events = new EventHub(plane);
  const routes = [...readRoutes(plane, events), ...orderRoutes(plane)];
  const result = await listenForGroup(requestListener(routes, { refuse, report, answered }), path);
  if (result.kind === "failed") {
    removeFreshFolder(path, stateDir);
    return failed(`cannot listen on the control socket ${path}: ${result.code}`);
  }
  if ("link" in place) link(path, place.link);
  return {
    kind: "listening",
    server: {
      path,
      async [Symbol.asyncDispose]() {
        if ("link" in place) rmSync(place.link, { force: true });
        // Closing removes the socket itself.
        await close(result.server);
        removeFreshFolder(path, stateDir);
      },
    },
  };
}

const failed = (why: string): SocketServerResult => ({ kind: "failed", why });

/** 0660 from the first moment: the file is made in `listen`, before it returns. */
function listenForGroup(listener: RequestListener, path: string): Promise<Listening> {
  const before = process.umask(0o117);
  try {
    return listen(listener, { path });
  } finally {
    process.umask(before);
  }
}

/** In one step: at no time do clients find nothing. */
function link(target: string, path: string): void {
  const next = `${path}.new`;
  rmSync(next, { force: true });
  symlinkSync(target, next);
  renameSync(next, path);
}

function removeFreshFolder(socket: string, stateDir: string): void {
  const folder = dirname(socket);
  if (folder === resolve(stateDir) || !isFreshFolder(folder)) return;
  try {
    rmdirSync(folder);
  } catch {
    // Somebody put something into it, or it is gone: it does no harm.
  }
}

/** Browsers say where a request comes from. None has business here, through whatever proxy it came. */
const refuse: ListenerRules["refuse"] = ({ headers }) =>
  Object.keys(headers).some((name) => name === "origin" || name.startsWith("sec-fetch-"))
    ? text(403, "Browsers may not use the control socket.")
    : undefined;
