/** What a route answers: data, so that a test needs no socket to look at it. */
import type { Writable } from "node:stream";

export type Reply = WholeReply | StreamReply;

export interface WholeReply {
  readonly kind: "whole";
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Goes on until the reader leaves, or `pour` ends it. */
interface StreamReply {
  readonly kind: "stream";
  readonly status: number;
  readonly headers: Headers;
  readonly pour: (reader: Writable) => void;
}

type Headers = Readonly<Record<string, string>>;

export const text = (status: number, body: string, headers: Headers = {}): WholeReply => ({
  kind: "whole",
  status,
  headers: { "Content-Type": "text/plain; charset=utf-8", ...headers },
  body: `${body}\n`,
});

export const json = (status: number, value: unknown): WholeReply => ({
  kind: "whole",
  status,
  headers: { "Content-Type": "application/json" },
  body: `${JSON.stringify(value)}\n`,
});
