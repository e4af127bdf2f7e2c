/**
 * Reads files that may lie on a remote mount: in a child, which is given up if it does not come back.
 * What hangs there ignores every signal; read here, it would keep one of four threads for ever.
 */
import { spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";
import type { RemoteSums, RemoteText } from "../prefect/ports.ts";

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

async function read(file: string): Promise<RemoteText> {
  const said = await runAside(["head", "-c", String(mostBytes), "--", file]);
  underWay.delete(file);
  return said.kind === "failed" ? said : judge(said.output, said.complaint);
}

let lastSums: Promise<unknown> = Promise.resolve();

/** Of many files in one child, and one child at a time: who asks meanwhile waits for his turn. */
export function sumRemoteFiles(files: readonly string[]): Promise<RemoteSums> {
  const sums = lastSums.then(() => sum(files));
  lastSums = sums;
  return sums;
}

async function sum(files: readonly string[]): Promise<RemoteSums> {
  const said = await runAside(["sha256sum", "-z", "--", ...files]);
  if (said.kind === "failed") return said;
  const sums = said.output.split("\0").flatMap((line) => {
    const [, digest, path] = /^([0-9a-f]{64}) [ *](.*)$/s.exec(line) ?? [];
    return digest === undefined || path === undefined ? [] : [[path, digest] as const];
  });
  return { kind: "sums", sums: new Map(sums) };
}

type Said =
  | { readonly kind: "said"; readonly output: string; readonly complaint: string }
  | { readonly kind: "failed"; readonly why: string };

function runAside(words: readonly string[]): Promise<Said> {
  const { promise, resolve } = Promise.withResolvers<Said>();
  const child = spawn("/bin/sh", ["-c", 'exec "$@"', "sh", ...words], {
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
  child.once("error", ({ message }) => {
    clearTimeout(late);
    resolve(failed(message));
  });
  child.once("close", () => {
    clearTimeout(late);
    void outputs.then(([output, complaint]) => resolve({ kind: "said", output, complaint }));
  });
  return promise;
}

const textOf = async (stream: Parameters<typeof buffer>[0]): Promise<string> =>
  (await buffer(stream)).toString();

function judge(text: string, complaint: string): RemoteText {
  const last = complaint.trim().split("\n").at(-1) ?? "";
  const why = last.slice(last.lastIndexOf(": ") + 1).trim();
  return why === "" ? { kind: "text", text } : failed(why);
}

const failed = (why: string) => ({ kind: "failed", why }) as const;
