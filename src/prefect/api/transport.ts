/**
 * One request to Prefect's REST API, and how it failed. Writes are repeated on 503: with SQLite the
 * server gives it whenever the database is locked, several times an hour with nothing wrong.
 */
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { maintenanceHeader } from "../absence.ts";
import { exchange } from "./exchange.ts";

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** The server said no, or something that is not understood. */
  | { readonly kind: "refused"; readonly status: number; readonly why: string }
  | { readonly kind: "unreachable"; readonly why: string };

export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
}

export interface TransportOptions {
  /** With `/api`, without a slash at its end. */
  readonly url: string;
  /** `user:password` of Prefect's own basic authentication. */
  readonly auth: string | undefined;
  readonly requestTimeoutMs: number;
  /** Told of each answer of Prefect's own, whatever it says. */
  readonly heard?: () => void;
  /** Told of each request: its path, its status (undefined: there was no answer) and how long it took. */
  readonly asked?: (path: string, status: number | undefined, seconds: number) => void;
}

export type Parse<T> = (body: unknown) => T;

export type Send = <T>(call: Call, parse: Parse<T>, signal: AbortSignal) => Promise<Answer<T>>;

/** Never rejects; an abort ends it early. */
export type Pause = (spanMs: number, signal: AbortSignal) => Promise<void>;

const sleepFor: Pause = (spanMs, signal) =>
  sleep(spanMs, undefined, { signal }).catch(() => undefined);

const attempts = 8;
const firstPauseMs = 200;

export function sendOnce({ url, auth, requestTimeoutMs, heard, asked }: TransportOptions): Send {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (auth !== undefined)
    headers["authorization"] = `Basic ${Buffer.from(auth).toString("base64")}`;

  return async ({ method, path, body }, parse, signal) => {
    // Not AbortSignal.timeout: its timer would go off for each call that was answered long ago.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), requestTimeoutMs);
    const began = performance.now();
    let told: number | undefined;
    try {
      const response = await exchange(
        {
          method,
          url: `${url}${path}`,
          headers,
          body: body === undefined ? undefined : JSON.stringify(body),
        },
        AbortSignal.any([signal, late.signal]),
      );
      const { status, text } = response;
      if (response.headers[maintenanceHeader.toLowerCase()] === "true") {
        const why = saidIn(text).exception_message ?? "Prefect's server is away for maintenance";
        return { kind: "unreachable", why };
      }
      heard?.();
      told = status;
      if (status < 200 || status > 299) {
        return { kind: "refused", status, why: refusal(status, text) };
      }
      return { kind: "ok", value: parse(text === "" ? undefined : JSON.parse(text)) };
    } catch (error) {
      if (late.signal.aborted) {
        const why = `${url} did not answer within ${requestTimeoutMs / 1000} s`;
        return { kind: "unreachable", why };
      }
      return failure(error, url);
    } finally {
      clearTimeout(timer);
      asked?.(path, told, (performance.now() - began) / 1000);
    }
  };
}

/** Waits 0.2 s, 0.4 s, … between its eight attempts: 25 s in all. */
export function sendPersistently(once: Send, pause: Pause = sleepFor): Send {
  return async (call, parse, signal) => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await once(call, parse, signal);
      const isBusy = answer.kind === "refused" && answer.status === 503;
      if (!isBusy || attempt === attempts) return answer;
      const pauseMs = firstPauseMs * 2 ** (attempt - 1);
      await pause(pauseMs, signal);
    }
  };
}

function failure<T>(error: unknown, url: string): Answer<T> {
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    return { kind: "refused", status: 200, why: `${url} gave an answer that is not Prefect's` };
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === "ECONNREFUSED") return { kind: "unreachable", why: `nothing listens at ${url}` };
  return { kind: "unreachable", why: `${url} cannot be reached: ${code ?? String(error)}` };
}

/** Prefect's own words, from the three shapes in which it gives them. */
function refusal(status: number, text: string): string {
  const { exception_message: message, exception_detail: faults, detail } = saidIn(text);
  const found = [message, faultsIn(faults) ?? faultsIn(detail)].filter(
    (part) => part !== undefined,
  );
  const short = (found.length > 0 ? found.join(" ") : text).slice(0, 300);
  const cure = status === 401 ? " (is server.auth_file the one that the server has?)" : "";
  return `Prefect answered ${status}: ${short}${cure}`;
}

const shapes = z.object({
  exception_message: z.string().optional(),
  exception_detail: z.unknown().optional(),
  detail: z.unknown().optional(),
});

const saidIn = (text: string): z.infer<typeof shapes> =>
  shapes.safeParse(safeJson(text)).data ?? {};

const fault = z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() });

/** `body.concurrency_limit: Input should be …`, one for each thing that is wrong. */
function faultsIn(detail: unknown): string | undefined {
  if (detail === undefined || detail === null) return undefined;
  if (typeof detail === "string") return detail;
  const faults = z.array(fault).safeParse(detail);
  if (!faults.success) return JSON.stringify(detail);
  return faults.data.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; ");
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
