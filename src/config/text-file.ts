/** Reads the files that a configuration consists of or names, whatever stands in their place. */
import { readFile, stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

const maxBytes = 1024 * 1024;

/** A dead network file system never answers; nobody should wait for it in silence. */
const patience = 5000;

export type Entry =
  | { readonly kind: "file"; readonly bytes: number; readonly mode: number }
  | { readonly kind: "folder" }
  | { readonly kind: "absent" }
  | { readonly kind: "unusable"; readonly message: string; readonly cure?: string };

export type TextFile =
  | { readonly kind: "text"; readonly text: string; readonly mode: number }
  | { readonly kind: "absent" }
  | { readonly kind: "unusable"; readonly message: string; readonly cure?: string };

/** `silent`: the file system that it is on does not answer. Never rejects. */
export type LookAt = (path: string) => Promise<Looked>;

type Looked = Exclude<Entry, { kind: "file" }> | { readonly kind: "file" | "silent" };

/** What a path leads to. Never rejects. */
export async function lookAt(path: string): Promise<Entry> {
  const found = await answered(stat(path));
  if (found.kind !== "answer") return found;
  const { value } = found;
  if (value.isDirectory()) return { kind: "folder" };
  if (!value.isFile()) return { kind: "unusable", message: "is not a regular file" };
  return { kind: "file", bytes: value.size, mode: value.mode };
}

/** Never rejects. A byte order mark is dropped. */
export async function readText(path: string): Promise<TextFile> {
  const entry = await lookAt(path);
  if (entry.kind === "folder") return { kind: "unusable", message: "is a folder, not a file" };
  if (entry.kind !== "file") return entry;
  if (entry.bytes > maxBytes) {
    const size = Math.ceil(entry.bytes / maxBytes);
    return { kind: "unusable", message: `is too large (${size} MiB; at most 1 MiB is read)` };
  }
  const read = await answered(readFile(path));
  if (read.kind !== "answer") return read;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(read.value);
    return { kind: "text", text, mode: entry.mode };
  } catch {
    return { kind: "unusable", message: "is not UTF-8 text", cure: "save it as UTF-8" };
  }
}

type Answered<T> =
  | { readonly kind: "answer"; readonly value: T }
  | Exclude<TextFile, { kind: "text" }>;

export async function answered<T>(question: Promise<T>, within = patience): Promise<Answered<T>> {
  const answer = new AbortController();
  const silence = wait(within, undefined, { signal: answer.signal }).then(
    () => ({
      kind: "unusable" as const,
      message: `gives no answer within ${within / 1000} s`,
      cure: "look whether the file system that holds it is there",
    }),
    // Aborted: the question was answered, and this outcome is not looked at.
    () => ({ kind: "absent" as const }),
  );
  const outcome = question.then((value) => ({ kind: "answer" as const, value }), refused);
  try {
    return await Promise.race([outcome, silence]);
  } finally {
    answer.abort();
  }
}

function refused(error: NodeJS.ErrnoException): Exclude<TextFile, { kind: "text" }> {
  const { code = "unknown error" } = error;
  if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" };
  if (code !== "EACCES" && code !== "EPERM") {
    return { kind: "unusable", message: `cannot be read: ${code}` };
  }
  return {
    kind: "unusable",
    message: "cannot be read: permission denied",
    cure: "let the user that this runs as read it",
  };
}
