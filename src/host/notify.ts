/** Tells somebody: runs a command, or posts to an address. Nothing of it can hang us. */
import { spawn } from "node:child_process";
import { request as plainRequest } from "node:http";
import { type Message, variablesOf } from "../notify/event.ts";
import type { Delivery, Send } from "../notify/ports.ts";
import { signalGroup } from "./signals.ts";

/** @param env of the commands, beside the variables of the event */
export const notifier =
  (env: Readonly<Record<string, string>>): Send =>
  (target, message, timeout) =>
    target.kind === "command"
      ? run(target.command, message, env, timeout)
      : post(target.url, message, timeout);

const keptBytes = 2_000;

function run(
  command: readonly string[],
  message: Message,
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Delivery> {
  const { promise, resolve } = Promise.withResolvers<Delivery>();
  // A spawn waits until the new program is loaded: the shell looks for it, and hangs in its place.
  const child = spawn("/bin/sh", ["-c", 'exec "$@"', "sh", ...command], {
    cwd: "/",
    detached: true,
    env: { ...env, ...variablesOf(message) },
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-keptBytes);
  });
  const end = (delivery: Delivery): void => {
    clearTimeout(timer);
    child.stdin.destroy();
    child.stderr.destroy();
    child.unref();
    resolve(delivery);
  };
  const timer = setTimeout(() => {
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    end(failed(`the command did not end within ${timeoutMs / 1000} s`));
  }, timeoutMs);
  child.once("error", (error) => end(failed(`the command could not be started: ${error.message}`)));
  child.once("exit", (status, signal) => {
    if (status === 0) return end({ kind: "delivered" });
    const how = signal === null ? `ended with status ${status}` : `was ended by ${signal}`;
    const last = said.trim().split("\n").at(-1) ?? "";
    return end(failed(`the command ${how}${last === "" ? "" : `: ${last}`}`));
  });
  // It need not read what it is told.
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${JSON.stringify(message)}\n`);
  return promise;
}

async function post(url: string, message: Message, timeoutMs: number): Promise<Delivery> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    // TLS is three megabytes that not everybody needs here.
    const ask = url.startsWith("https:") ? (await import("node:https")).request : plainRequest;
    const body = Buffer.from(JSON.stringify(message));
    const { promise, resolve, reject } = Promise.withResolvers<Delivery>();
    const headers = { "content-type": "application/json", "content-length": body.length };
    const request = ask(url, { method: "POST", agent: false, headers, signal }, (response) => {
      const { statusCode = 0 } = response;
      resolve(judge(statusCode));
      // What else it says, nobody reads.
      request.destroy();
    });
    request.on("error", reject);
    request.end(body);
    return await promise;
  } catch (error) {
    if (signal.aborted) return failed(`it did not answer within ${timeoutMs / 1000} s`);
    // Node's own words may hold the address.
    const code = error instanceof Error && "code" in error ? String(error.code) : "no connection";
    return failed(`it cannot be reached (${code})`);
  }
}

function judge(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const isBusy = status >= 500 || status === 408 || status === 429;
  return { kind: "failed", why: `it answered ${status}`, isFinal: !isBusy };
}

const failed = (why: string): Delivery => ({ kind: "failed", why, isFinal: false });
