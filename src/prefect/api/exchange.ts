/**
 * One HTTP exchange, by node:http: the built-in fetch costs seven megabytes and three times the
 * wake-ups, and here somebody asks every few seconds for as long as the machine runs.
 */
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as plainRequest,
} from "node:http";
import { text } from "node:stream/consumers";

export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Rejects with the system's error, or with the reason of the signal. */
export async function exchange(wanted: Exchange, signal: AbortSignal): Promise<Exchanged> {
  signal.throwIfAborted();
  const response = await responseTo(await begin(wanted, signal), wanted.body);
  const { statusCode = 0, headers } = response;
  return { status: statusCode, headers, text: await text(response) };
}

async function begin({ method, url, headers, body }: Exchange, signal: AbortSignal) {
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  // A connection for each: an idle one the server gives up after five seconds, which wakes us once more.
  const options = { method, headers: { ...headers, ...length }, signal, agent: false } as const;
  // TLS is three megabytes that hardly anybody needs here.
  return url.startsWith("https:")
    ? (await import("node:https")).request(url, options)
    : plainRequest(url, options);
}

function responseTo(request: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once("response", resolve);
  request.once("error", reject);
  request.end(body);
  return promise;
}
