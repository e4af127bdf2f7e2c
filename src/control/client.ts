/** The daemon as the command line sees it: a client of the control socket. */
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { OrderResult, ReloadResult, UnitVerb } from "./control-plane.ts";
import { Pulse } from "./pulse.ts";
import { findSocket } from "./socket-place.ts";
import { ask, type SocketRequest } from "./socket-request.ts";
import type { Status } from "./status.ts";
import { explainUnreachable, type Unreachable } from "./unreachable.ts";

export type Answer<T> =
  | { readonly kind: "answered"; readonly value: T }
  | Unreachable
  /** The daemon is there and did not understand us, or has a bug. */
  | { readonly kind: "refused"; readonly why: string };

type Question = Pick<SocketRequest, "method" | "path" | "body" | "signal"> & {
  readonly timeoutMs?: number;
};

const usualTimeoutMs = 10_000;
/** A reload looks at files, and these may lie on a slow remote file system. */
const reloadTimeoutMs = 60_000;

export class ControlClient {
  readonly stateDir: string;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
  }

  status(signal: AbortSignal): Promise<Answer<Status>> {
    return this.#json({ method: "GET", path: "/api/v1/status", signal }, isStatus);
  }

  order(
    verb: UnitVerb,
    units: readonly string[],
    signal: AbortSignal,
  ): Promise<Answer<OrderResult>> {
    const question = { method: "POST", path: `/api/v1/${verb}`, body: { units }, signal } as const;
    return this.#json(question, isOrderResult);
  }

  reload(signal: AbortSignal): Promise<Answer<ReloadResult>> {
    const question = { method: "POST", path: "/api/v1/reload", signal } as const;
    return this.#json({ ...question, timeoutMs: reloadTimeoutMs }, isReloadResult);
  }

  /**
   * The status now, after each change, and at least every `everyMs`. However many changes come
   * while one is read, they lead to one more. Ends after the first answer that is no status.
   */
  async *statuses(everyMs: number, signal: AbortSignal): AsyncGenerator<Answer<Status>> {
    const events = await this.#open({ method: "GET", path: "/api/v1/events", signal });
    if (events.kind !== "answered") {
      yield events;
      return;
    }
    const message = events.value;
    using pulse = new Pulse(message);
    while (!signal.aborted) {
      pulse.reset();
      const answer = await this.status(signal);
      yield answer;
      if (answer.kind !== "answered") return;
      if ((await pulse.next(everyMs)) === "ended" && !signal.aborted) {
        yield this.#unreachable("ECONNRESET");
        return;
      }
    }
  }

  async #json<T>(question: Question, isT: (value: unknown) => value is T): Promise<Answer<T>> {
    const opened = await this.#open(question);
    if (opened.kind !== "answered") return opened;
    try {
      const body = await text(opened.value);
      const value = parseJson(body);
      if (isT(value)) return { kind: "answered", value };
      const { statusCode } = opened.value;
      return {
        kind: "refused",
        why: `the daemon answered ${question.path} with ${statusCode}: ${body.trim().slice(0, 500)}`,
      };
    } catch {
      return this.#unreachable("ECONNRESET");
    }
  }

  async #open(question: Question): Promise<Answer<IncomingMessage>> {
    const socket = findSocket(this.stateDir);
    const response = await ask({ timeoutMs: usualTimeoutMs, ...question, socket });
    return response.kind === "failed"
      ? this.#unreachable(response.code)
      : { kind: "answered", value: response.message };
  }

  #unreachable(code: string): Unreachable {
    return explainUnreachable(code, findSocket(this.stateDir), this.stateDir);
  }
}

// Both ends are one program. What is looked at is only what tells the answers of the daemon, also
// of an older one, from everything else that might come.

const isStatus = (value: unknown): value is Status =>
  isObject(value) && value["version"] === 1 && Array.isArray(value["units"]);

const isOrderResult = (value: unknown): value is OrderResult =>
  isObject(value) && (value["kind"] === "done" || value["kind"] === "unknown-unit");

const isReloadResult = (value: unknown): value is ReloadResult =>
  isObject(value) && (value["kind"] === "reloaded" || value["kind"] === "faulty");

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
