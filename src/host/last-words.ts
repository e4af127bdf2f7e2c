/** What a child said last, read from the journal: what it prints does not pass by us. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { baseEnvironment } from "./base-environment.ts";
import { toLines } from "./output-lines.ts";

const timeoutMs = 3_000;
const mostBytes = 4 * 1024 * 1024;
/** Journald may not have stored yet what a child said right before its end. */
const secondLookAfterMs = 100;

/** Those under an identifier since then, oldest first; none if the journal may not be read. */
export async function lastWords(identifier: string, since: Date): Promise<readonly string[]> {
  const first = await read(identifier, since);
  if (first.length > 0) return first;
  await sleep(secondLookAfterMs);
  return await read(identifier, since);
}

function read(identifier: string, since: Date): Promise<readonly string[]> {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const args = [
    ...["--quiet", "--all", "--no-pager", "-o", "json", "--output-fields=MESSAGE", "-n", "20"],
    ...["-t", identifier, `--since=@${since.getTime() / 1000}`],
  ];
  const options = {
    env: { ...baseEnvironment(process.env) },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    maxBuffer: mostBytes,
  } as const;
  execFile("journalctl", args, options, (_error, stdout) => resolve(linesOf(stdout)));
  return promise;
}

const linesOf = (entries: string): readonly string[] =>
  entries.split("\n").flatMap((entry) => toLines(bytesOf(entry), false));

/** Text that is no UTF-8, or has control characters, comes as a list of bytes. */
function bytesOf(entry: string): Buffer {
  const message = messageOf(entry);
  if (typeof message === "string") return Buffer.from(message);
  return Buffer.from(Array.isArray(message) ? message.map(Number) : []);
}

function messageOf(entry: string): unknown {
  try {
    const fields: unknown = JSON.parse(entry);
    return typeof fields === "object" && fields !== null
      ? Reflect.get(fields, "MESSAGE")
      : undefined;
  } catch {
    // Cut off where it was too long; or the end of the list.
    return undefined;
  }
}
