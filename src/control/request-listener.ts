/** Between node:http and the routes: reads the request, sends the reply. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type Reply, text, type WholeReply } from "./reply.ts";
import { chooseRoute, type Route } from "./router.ts";

export interface ListenerRules {
  /** A request that is refused before any route sees it. */
  readonly refuse: (
    request: IncomingMessage,
  ) => WholeReply | undefined | Promise<WholeReply | undefined>;
  /** Told of what a route threw; the client learns only that it did. */
  readonly report: (error: unknown) => void;
  /** Told of each answer, by the pattern of its route; `other` where there was none. */
  readonly answered?: ((route: string, status: number) => void) | undefined;
}

interface Answered {
  readonly route: string;
  readonly reply: Reply;
}

const maxBodyBytes = 64 * 1024;

export function requestListener(routes: readonly Route[], rules: ListenerRules): RequestListener {
  return (request, response) => {
    void answer(routes, rules, request)
      .catch((error: unknown) => {
        rules.report(error);
        const reply = text(500, "The supervisor failed to answer. Its log says why.");
        return { route: "other", reply };
      })
      .then(({ route, reply }) => {
        rules.answered?.(route, reply.status);
        send(request, response, reply);
      });
  };
}

async function answer(
  routes: readonly Route[],
  rules: ListenerRules,
  request: IncomingMessage,
): Promise<Answered> {
  const { method = "", url = "" } = request;
  const refusal = await rules.refuse(request);
  if (refusal !== undefined) return { route: "other", reply: refusal };
  const choice = chooseRoute(routes, method, url);
  if (choice.kind === "none") return { route: "other", reply: choice.reply };
  const { route, asked } = choice;
  const body = route.method === "GET" ? "" : await readBody(request);
  const reply =
    body === undefined
      ? text(413, `The body is longer than ${maxBodyBytes} bytes.`)
      : await route.answer({ ...asked, body });
  return { route: route.path, reply };
}

/** Undefined for one that is too long. It is read to its end all the same, or the client would not hear us. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length <= maxBodyBytes) chunks.push(chunk);
    }
  } catch {
    // The client went away in the middle: nobody reads the answer, but half an order is not one.
    return "";
  }
  return length <= maxBodyBytes ? Buffer.concat(chunks).toString() : undefined;
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const headers = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...reply.headers,
  };
  if (reply.kind === "whole") {
    const body = Buffer.from(reply.body);
    response.writeHead(reply.status, { ...headers, "Content-Length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
    return;
  }
  response.writeHead(reply.status, headers);
  if (request.method === "HEAD" || response.destroyed) response.end();
  else reply.pour(response);
}
