/** Looks whether something is a file or a folder that may lie on a mount that hangs: in a child that can be left behind. */
import { AbandonableProcess } from "./abandonable-process.ts";

const patienceMs = 5_000;

/** One for each path: what was left behind there may still hang. */
const processes = new Map<string, AbandonableProcess>();

export type RemoteEntry =
  | { readonly kind: "file" | "folder" | "absent" | "silent" }
  | { readonly kind: "unusable"; readonly message: string };

export async function lookAtRemote(
  path: string,
  timeoutMs: number = patienceMs,
): Promise<RemoteEntry> {
  const process = processes.get(path) ?? new AbandonableProcess();
  processes.set(path, process);
  const end = await process.run({
    command: ["/bin/sh", "-c", 'exec stat -L -c %F -- "$1" 2>&1', "sh", path],
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    timeoutMs,
    mostBytes: 64 * 1024,
  });
  if (end.kind === "hangs") return { kind: "silent" };
  if (end.kind === "failed") return { kind: "unusable", message: end.why };
  processes.delete(path);
  return entryOf(end.stdout.trim());
}

/** Undefined if it is not there, or does not answer. */
export async function bytesOf(file: string): Promise<number | undefined> {
  const end = await sizes.run({
    command: ["/bin/sh", "-c", 'exec stat -L -c %s -- "$1" 2>/dev/null', "sh", file],
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    timeoutMs: patienceMs,
    mostBytes: 1024,
  });
  return end.kind === "ended" && end.status === 0 ? Number(end.stdout) : undefined;
}

const sizes = new AbandonableProcess();

function entryOf(said: string): RemoteEntry {
  switch (said) {
    case "directory":
      return { kind: "folder" };
    case "regular file":
    case "regular empty file":
      return { kind: "file" };
    default:
      break;
  }
  if (/No such file or directory$|Not a directory$/.test(said)) return { kind: "absent" };
  const why = said.slice(said.lastIndexOf(": ") + 1).trim();
  return { kind: "unusable", message: `cannot be used: ${why}` };
}
