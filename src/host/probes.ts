/** The three ways to ask a process whether it is well; the names and rules are Kubernetes'. */
import { get } from "node:http";
import net from "node:net";
import type { CommandRequest, RunCommand } from "../prefect/ports.ts";
import type { Probe, Verdict } from "../supervision/probe.ts";

const pass: Verdict = { kind: "pass" };

/** Passes on 200 to 399. Each question is a connection of its own: a server must still accept. */
export const httpProbe =
  (url: string): Probe =>
  async (_, signal) => {
    // TLS is three megabytes that hardly anybody needs here.
    const ask = url.startsWith("https:") ? (await import("node:https")).get : get;
    return new Promise((resolve) => {
      const request = ask(url, { agent: false, signal }, (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        const isGood = status >= 200 && status < 400;
        resolve(isGood ? pass : { kind: "fail", why: `${url} answered ${status}` });
      });
      request.once("error", (error) => resolve({ kind: "fail", why: `${url}: ${short(error)}` }));
    });
  };

/** Of a worker's own health server: 200, or 503 with its reason. Anything else is as good as no answer. */
export async function healthOf(
  url: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<"ok" | "unresponsive" | "silent"> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const { promise, resolve } = Promise.withResolvers<"ok" | "unresponsive" | "silent">();
  const options = { agent: false, signal: AbortSignal.any([signal, late.signal]) };
  const request = get(url, options, ({ statusCode }) => {
    resolve(statusCode === 200 ? "ok" : statusCode === 503 ? "unresponsive" : "silent");
    request.destroy();
  });
  request.on("error", () => resolve("silent"));
  return promise.finally(() => clearTimeout(timer));
}

export const tcpProbe =
  (host: string, port: number): Probe =>
  (_, signal) =>
    new Promise((resolve) => {
      const socket = net.connect({ host, port, signal });
      socket.once("connect", () => {
        socket.destroy();
        resolve(pass);
      });
      socket.once("error", (error) =>
        resolve({ kind: "fail", why: `${host}:${port}: ${short(error)}` }),
      );
    });

/** Passes on status 0. */
export const commandProbe =
  (run: RunCommand, request: Omit<CommandRequest, "signal">): Probe =>
  async (_, signal) => {
    const result = await run({ ...request, signal });
    if (result.isOk) return pass;
    const last = result.output.trim().split("\n").at(-1) ?? "";
    const said = last === "" ? "" : `: ${last.slice(0, 200)}`;
    return { kind: "fail", why: `${request.command[0]} ${result.how}${said}` };
  };

const short = (error: Error): string =>
  "code" in error && error.code === "ECONNREFUSED" ? "nothing listens there" : error.message;
