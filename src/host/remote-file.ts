/**
 * Reads a file that may lie on a remote mount: in a child, which is given up if it does not come back.
 * What hangs there ignores every signal; read here, it would keep one of four threads for ever.
 */
import { spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";
import type { RemoteText } from "../prefect/ports.ts";

const patienceMs = 20_000;
/** The largest that anybody means. */
const mostBytes = 16 * 1024 * 1024;
/** One child at a time for each file: what has been given up may still be there. */
const underWay = new Map<string, Promise<RemoteText>>();

export function readRemoteFile(file: string): Promise<RemoteText> {
  const current = underWay.get(file) ?? read(file);
  underWay.set(file, current);
  return current;
}

function read(file: string): Promise<RemoteText> {
  const { promise, resolve } = Promise.withResolvers<RemoteText>();
  const child = spawn("/bin/sh", ["-c", `exec head -c ${mostBytes} -- "$1"`, "sh", file], {
    cwd: "/",
    detached: true,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const outputs = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  const late = setTimeout(() => {
    child.kill("SIGKILL");
    const why = `the file system that it is on has not answered for ${patienceMs / 1000} s`;
    resolve(failed(why));
  }, patienceMs);
  const over = (result: RemoteText): void => {
    clearTimeout(late);
    underWay.delete(file);
    resolve(result);
  };
  child.once("error", ({ message }) => over(failed(message)));
  child.once("close", () => void outputs.then(([said, complaint]) => over(judge(said, complaint))));
  return promise;
}

const textOf = async (stream: Parameters<typeof buffer>[0]): Promise<string> =>
  (await buffer(stream)).toString();

function judge(text: string, complaint: string): RemoteText {
  const last = complaint.trim().split("\n").at(-1) ?? "";
  const why = last.slice(last.lastIndexOf(": ") + 1).trim();
  return why === "" ? { kind: "text", text } : failed(why);
}

const failed = (why: string): RemoteText => ({ kind: "failed", why });
